"""Results of benchmarks as lines and tables."""

from resdet.benchmarks.suite import lines, measured_on, tables, times


def test_ways_stand_beside_ours_however_deep():
    speeds = {
        "images_per_second": {"torchvision": 5.0, "resdet": 10.0},
        "ratio": {"torchvision": 1.0, "resdet": 2.0},
        "share_of_limit": {"torchvision": 0.1, "resdet": 0.2},
    }
    steps = {"seconds": {"resdet": 0.5, "detectron2": 1.5}}
    bare = {"iterations_per_second": {"config": 8.0, "usual loop": 2.0}}
    measured = {"rounds": 3, "networks": {"one": speeds, "versions": {"x": "1"}}, "two": steps}
    assert list(lines({**measured, "three": bare})) == [
        ("one", "torchvision", "5.0 img/s", 2.0, 0.1),
        ("one", "resdet", "10.0 img/s", 1.0, 0.2),
        ("two", "resdet", "0.500 s", 1.0, None),
        ("two", "detectron2", "1.500 s", 3.0, None),
        ("three", "config", "8.00 iterations/s", 1.0, None),
        ("three", "usual loop", "2.00 iterations/s", 4.0, None),
    ]


def test_processors_and_memory_stand_beside_seconds():
    measured = {
        "seconds": {"resdet": 2.0, "torchvision": 3.0},
        "processor_seconds": {"resdet": 3.5},
        "peak_megabytes": {"resdet": 120.4, "torchvision": 0},
    }
    figures = [line.figure for line in lines(measured)]
    assert figures == ["2.000 s, 3.500 of processors, 120 MB", "3.000 s"]


def test_a_ratio_says_how_many_times_as_fast():
    assert times(1.5) == "1.50x"


def test_a_table_names_the_hardware_wherever_a_result_has_it():
    inner = {"hardware": "a core", "versions": {"torch": "9", "timm": "1"}}
    speeds = {"images_per_second": {"resdet": 10.0, "timm": 5.0}, "share_of_limit": {"resdet": 0.5}}
    measured = {"rounds": 3, "detection": {**inner, "networks": {"one": speeds}}}
    assert measured_on(measured) is measured["detection"]
    assert measured_on(inner) is inner
    (table,) = tables("input", measured)
    assert table.caption == "a core, torch 9, timm 1"
    cells = [list(column.cells) for column in table.columns]
    assert cells == [
        ["detection one"] * 2,
        ["resdet", "timm"],
        ["10.0 img/s", "5.0 img/s"],
        ["1.00x", "2.00x"],
        ["50%", ""],
    ]


def test_growth_is_a_row_an_axis():
    axis = {"exponent": {"work": 1.0, "seconds": 1.26}, "faster_than_work": ["seconds"]}
    (table,) = tables("scaling", {"axes": {"batch": axis, "processes": {"efficiency": 0.9}}})
    cells = [list(column.cells) for column in table.columns]
    assert cells == [["batch", "processes"], ["1.00", ""], ["1.26", ""], ["", ""], ["seconds", ""]]
