"""The names of the recorded runs, which come with the program: `recorded:depth-7`."""

PREFIX = "recorded:"


def is_recorded(run: str) -> bool:
    """Whether a run with this name comes with the program. No folder of a run has such a name."""
    return run.startswith(PREFIX)


def recorded_run(scenario_id: str) -> str:
    """The name of the recorded run of a scenario."""
    return f"{PREFIX}{scenario_id}"


def scenario_of(run: str) -> str:
    """The id of a recorded run's scenario."""
    return run.removeprefix(PREFIX)
