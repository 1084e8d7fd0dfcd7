// The page may be seen through a tunnel or a proxy, so the address of the terminal is taken from that of the page.
document.getElementById("terminal").dataset.sessionWebsocketUrl =
  new URL("ws", location.href).href.replace(/^http/, "ws");
// Keys are for the terminal from the start, which exists once the page is loaded.
addEventListener("load", () => document.querySelector(".xterm-helper-textarea").focus());
