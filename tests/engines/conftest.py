from collections.abc import Iterator

import pytest

from tests.engines.here import QUICK, QUICK_JAVA


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Settings of the process's one driver."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"{QUICK} pyspark-shell")
        patch.setenv("JDK_JAVA_OPTIONS", QUICK_JAVA)
        yield
