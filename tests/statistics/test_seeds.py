from kmanalysis.statistics.seeds import seeded


def test_the_same_names_draw_the_same_and_others_draw_otherwise():
    assert seeded("S01", "2026-10").integers(1 << 62) == seeded("S01", "2026-10").integers(1 << 62)
    drawn = [seeded(*names).integers(1 << 62) for names in (("S01", "2026-10"), ("S01", "2026-09"), ("S012026-10",), ("S0", "12026-10"))]
    assert len(set(drawn)) == len(drawn)
