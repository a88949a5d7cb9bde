import random, re
from multiprocessing import forkserver

import pytest

from faults.table import names
from faults.tools import left_in, living_in
from programs import context
from test_left_running import wait_for

class Fault:
    "Counts what came of each try"
    def __init__(self, counts): self.counts = counts

    def right(self, n=1): self.counts['right'] += n

    def sentence(self, text, says=''):
        "It ended in words: one line, nothing of Python's, and what was expected among them"
        text = str(text).strip()
        assert text and '\n' not in text and 'Traceback' not in text and len(text) < 600, text
        assert re.search(says, text), text
        self.counts['sentence'] += 1

    def came_too_late(self): self.counts['too late'] += 1

@pytest.fixture
def fault(request):
    "The fault that the test's mark names; what is counted goes into the table"
    name, = request.node.get_closest_marker('fault').args
    assert name in names
    counts = {'name': name, 'right': 0, 'sentence': 0, 'too late': 0}
    request.node.user_properties.append(('fault', counts))
    return Fault(counts)

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for o in items:
        if o.path.parent.name == 'faults': o.add_marker(pytest.mark.dataless)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    counts = dict(item.user_properties).get('fault')
    assert counts is None or counts['right'] + counts['sentence'], 'nothing was counted'
    return result

@pytest.fixture(autouse=True)
def nothing_left(tmp_path):
    "Neither half a file nor a process"
    yield
    assert left_in(tmp_path) == []
    assert wait_for(lambda: not living_in(tmp_path), 15), living_in(tmp_path)

@pytest.fixture(scope='session', autouse=True)
def programs_of_no_test():
    "What programs are copied from lives in no test's folder"
    if context.get_start_method() == 'forkserver': forkserver.ensure_running()

@pytest.fixture
def rng(request): return random.Random(f'{request.config.option.faults_seed} {request.node.nodeid}')

@pytest.fixture
def times(request):
    "How many: a few, or all that are promised"
    return lambda few, full: full if request.config.option.faults == 'full' else few
