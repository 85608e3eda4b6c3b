"""A file of the state directory may be opened by several processes at once, also a new one."""

import threading

from runner.execute.database import Database

FILES = 40
OPENERS = 4


def test_of_several_that_open_a_new_file_none_is_refused(tmp_path):
    together = threading.Barrier(OPENERS, timeout=60)
    refused = []

    def open_all():
        for number in range(FILES):
            together.wait()
            try:
                with Database(tmp_path / f"{number}.sqlite", "CREATE TABLE IF NOT EXISTS t (x)"):
                    pass
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a refusal
                refused.append(error)

    threads = [threading.Thread(target=open_all) for _ in range(OPENERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
