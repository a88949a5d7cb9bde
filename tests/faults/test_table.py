"The table's faults are tried, and stand in the README's promise"
import re
from pathlib import Path
from types import SimpleNamespace

from faults.table import lines, names

here = Path(__file__).parent

def test_every_fault_is_tried_and_promised():
    tried = {o for file in here.glob('test_*.py') for o in re.findall(r"mark\.fault\('(.+?)'\)\n", file.read_text(encoding='utf-8'))}
    assert tried == set(names)
    readme = (here.parent.parent/'README.md').read_text(encoding='utf-8')
    promise = readme[readme.index('## What we promise'):readme.index('## More')]
    kills = 'SIGKILL in load, fit, save, check, grade'
    assert kills in promise
    assert [o for o in names if o not in promise and not o.startswith('SIGKILL in')] == []

def report(when='call', passed=True, skipped=False, right=0, sentence=0, late=0):
    counts = {'name': 'broken image', 'right': right, 'sentence': sentence, 'too late': late}
    return SimpleNamespace(user_properties=[('fault', counts)], when=when, passed=passed, skipped=skipped, failed=not (passed or skipped), longrepr=('', 0, 'Skipped: no way'))

def test_the_table_counts():
    head, row, more = lines([report(right=3, late=1), report(sentence=2), report(passed=False, right=1), report('teardown', passed=False, right=3), report('setup', right=3), report(passed=False, skipped=True)])
    assert row.split()[2:] == ['7', '6', '4', '2', '1', '1'] and more == 'not tried: broken image: no way' and max(map(len, (head, row))) < 80
