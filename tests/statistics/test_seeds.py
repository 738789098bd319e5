from kmanalysis.statistics.seeds import generator


def test_the_same_names_draw_the_same_and_others_draw_otherwise():
    assert generator("S01", "2026-10").integers(1 << 62) == generator("S01", "2026-10").integers(1 << 62)
    drawn = [generator(*names).integers(1 << 62) for names in (("S01", "2026-10"), ("S01", "2026-09"), ("S012026-10",), ("S0", "12026-10"))]
    assert len(set(drawn)) == len(drawn)
