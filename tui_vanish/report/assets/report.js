"use strict";
// The curves of the report with uPlot: zoom by mouse or keys, and the numbers under the cursor. Without this
// script, and in print, the page shows the same curves as SVG.
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("figures").textContent);
  const plots = [];
  let inEpochs = false;
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const written = (value, share) =>
    value == null ? "–" : share ? (100 * value).toFixed(2) + " %" : Number(value.toPrecision(5)).toString();

  function draw(figure) {
    const chart = data.charts[figure.dataset.figure];
    const box = figure.querySelector(".plot");
    const out = figure.querySelector(".readout");
    box.replaceChildren();
    const epochs = inEpochs && chart.lines.every((line) => line.per);
    const per = (line) => epochs ? line.per : 1;
    const label = epochs ? data.epoch : chart.x;
    const colours = data.colours[root.dataset.theme];
    const dashes = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
    const axis = (label, share) => ({
      stroke: css("--soft"), grid: {stroke: css("--line"), width: 0.5}, ticks: {stroke: css("--line")}, label,
      values: (_, ticks) => ticks.map((tick) => tick == null ? "" : share ? +(100 * tick).toFixed(4) + " %" : String(+tick.toPrecision(6))),
    });
    const read = (plot) => {
      const at = plot.cursor.idx ?? plot.data[0].length - 1;
      out.replaceChildren();
      const parts = [label + " " + +plot.data[0][at].toFixed(3), ...chart.lines.map((line, i) => {
        let place = at;
        while (place > 0 && plot.data[i + 1][place] == null) place--;
        return line.label + ": " + written(plot.data[i + 1][place], chart.share);
      })];
      parts.forEach((part, i) => {
        const key = document.createElement("span");
        key.className = "key";
        if (i > 0) {
          const swatch = document.createElement("span");
          swatch.className = "swatch";
          swatch.style.borderColor = colours[chart.lines[i - 1].colour % colours.length];
          key.append(swatch);
        }
        key.append(part);
        out.append(key, " ");
      });
    };
    const plot = new uPlot({
      width: Math.max(320, figure.clientWidth), height: 320, legend: {show: false},
      scales: {x: {time: false}},
      cursor: {drag: {x: true, y: false, setScale: true}},
      axes: [axis(label, false), {...axis(chart.y, chart.share), size: 76}],
      series: [{}, ...chart.lines.map((line) => ({
        label: line.label, stroke: colours[line.colour % colours.length], width: 1.8, spanGaps: true,
        points: {show: line.xs.length < 3}, dash: dashes[Math.floor(line.colour / colours.length) % 4],
      }))],
      hooks: {setCursor: [read], ready: [read], draw: [(plot) => {
        const {ctx, bbox} = plot;
        ctx.save();
        ctx.strokeStyle = css("--soft");
        ctx.setLineDash([3, 3]);
        for (const x of chart.events) {
          const left = plot.valToPos(x / per(chart.lines[0]), "x", true);
          if (left < bbox.left || left > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(left, bbox.top);
          ctx.lineTo(left, bbox.top + bbox.height);
          ctx.stroke();
        }
        ctx.restore();
      }]},
    }, uPlot.join(chart.lines.map((line) => [line.xs.map((x) => x / per(line)), line.ys])), box);
    box.firstChild.setAttribute("aria-hidden", "true");
    figure.classList.add("live");
    box.onkeydown = (event) => {
      const xs = plot.data[0], {min, max} = plot.scales.x;
      const inside = xs.map((x, i) => i).filter((i) => xs[i] >= min && xs[i] <= max);
      const now = plot.cursor.idx ?? inside[0];
      const go = (i) => plot.setCursor({left: plot.valToPos(xs[i], "x"), top: 10});
      const zoom = (factor) => {
        const middle = xs[now], half = (max - min) * factor / 2;
        plot.setScale("x", {min: Math.max(xs[0], middle - half), max: Math.min(xs[xs.length - 1], middle + half)});
      };
      const place = Math.max(0, inside.indexOf(now));
      const keys = {
        ArrowLeft: () => go(inside[Math.max(0, place - 1)]),
        ArrowRight: () => go(inside[Math.min(inside.length - 1, place + 1)]),
        Home: () => go(inside[0]), End: () => go(inside[inside.length - 1]),
        "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2),
        0: () => plot.setScale("x", {min: xs[0], max: xs[xs.length - 1]}),
      };
      if (!event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
        keys[event.key]();
        event.preventDefault();
      }
    };
    return plot;
  }

  function theme(name) {
    root.dataset.theme = name;
    const figures = [...document.querySelectorAll("figure[data-figure]")];
    while (plots.length) plots.pop().destroy();
    for (const figure of figures) plots.push(draw(figure));
  }

  document.getElementById("theme").onclick = () => theme(root.dataset.theme === "dark" ? "light" : "dark");
  theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.getElementById("unit").onclick = () => {
    inEpochs = !inEpochs;
    theme(root.dataset.theme);
  };
  let wait = 0;
  addEventListener("resize", () => {
    clearTimeout(wait);
    wait = setTimeout(() => plots.forEach((plot) => {
      const width = Math.max(320, plot.root.parentElement.clientWidth);
      plot.setSize({width, height: 320});
    }), 100);
  });
})();
