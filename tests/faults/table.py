"The faults by name, the options of their suite, and the table at its end"
import random

names = ['broken image', 'wrong size', 'wrong mode or type', 'empty class', # images
         'truncated archive', 'wrong hash', 'server that stops half-way', # downloads
         'full disk', 'read-only home and cache', 'two and ten processes at once',
         *(f'SIGKILL in {o}' for o in ('load', 'fit', 'save', 'check', 'grade')),
         'clock that jumps back',
         'truncated checkpoint', 'foreign checkpoint', 'flipped bit in a checkpoint',
         'NaN and infinity', '(N,) against (N,1)', 'last batch of one', 'empty validation set',
         'cancelled fit', 'Ctrl-C in a fit', 'terminal that goes away']

def pytest_addoption(parser):
    group = parser.getgroup('faults')
    group.addoption('--faults', choices=['few', 'full'], default='few', help='how many random moments and flips: a few, or all that are promised')
    group.addoption('--faults-seed', type=int, default=random.randrange(10**6), help='of the random moments; printed above the table')

def pytest_configure(config):
    config.addinivalue_line('markers', 'fault(name): what goes wrong in this test')

def pytest_terminal_summary(terminalreporter, config):
    reports = [o for group in terminalreporter.stats.values() for o in group if 'fault' in dict(getattr(o, 'user_properties', ()))]
    if not reports: return
    terminalreporter.section(f'faults: --faults {config.option.faults} --faults-seed {config.option.faults_seed}')
    for line in lines(reports): terminalreporter.write_line(line)

columns = 'tries', 'in work', 'right', 'sentence', 'else', 'left'

def lines(reports):
    "The table, from all reports of tests that have a fault; below it, what could not be tried here"
    row = '{:<32}{:>6}{:>9}{:>7}{:>10}{:>6}{:>6}'
    yield row.format('fault', *columns)
    sums = {}
    for o in reports:
        counts = dict(o.user_properties)['fault']
        found = sums.setdefault(counts['name'], dict.fromkeys(columns, 0))
        if o.when == 'call':
            for k in ('right', 'sentence'): found[k] += counts[k]
            failed = not o.passed and not o.skipped
            found['else'] += failed
            found['tries'] += counts['right'] + counts['sentence'] + failed
            found['in work'] += counts['right'] + counts['sentence'] + failed - counts['too late']
        found['left'] += o.when == 'teardown' and o.failed
    for name in sorted(sums, key=names.index): yield row.format(name, *sums[name].values())
    for o in reports:
        if not o.skipped: continue
        why = getattr(o, 'wasxfail', '') or o.longrepr[2].removeprefix('Skipped: ')
        yield f'not tried: {dict(o.user_properties)["fault"]["name"]}: {why}'
