"How long each chapter takes, for the page for teachers: a hundred words, or ten lines of code that is not folded, a minute"
import json

from mnistlearn.apps.exercises import exercises, written_questions

def minutes_to_read(file):
    "Minutes to read a chapter and run it, without its exercises"
    minutes = 0
    for cell in json.loads(file.read_text(encoding='utf-8'))['cells']:
        source = ''.join(cell['source'])
        if cell['id'].startswith('ex'): continue
        if cell['cell_type'] == 'markdown': minutes += len(source.split())/100
        elif not cell['metadata'].get('jupyter', {}).get('source_hidden'): minutes += len(source.splitlines())/10
    return minutes

def in_hours(minutes):
    "Rounded as one plans: to five minutes, and from two hours on to half an hour"
    if not minutes: return ''
    return f'{round(minutes/30)/2:g} h' if minutes >= 115 else f'{5*max(1, round(minutes/5))} min'

def timetable(nbs, units):
    "A table in Markdown: a row for each chapter in the folder `nbs`, and one for all"
    items = [*exercises().values(), *written_questions().values()]
    rows, totals = [], [0, 0, 0]
    for unit in filter(lambda o: o[0].isdigit(), units):
        file = nbs/f'{unit}.ipynb'
        title = json.loads(file.read_text(encoding='utf-8'))['cells'][0]['source'][0].removeprefix('# ').strip()
        needed = [minutes_to_read(file), *(sum(o.minutes for o in items if o.unit == unit and o.mark == mark) for mark in ('core', 'stretch'))]
        totals = [a + b for a, b in zip(totals, needed)]
        rows.append([unit.split('_')[0].lstrip('0') or '0', f'[{title}](../nbs/{unit}.ipynb)', *map(in_hours, needed)])
    rows.append(['', '**together**', *(f'**{in_hours(o)}**' for o in totals)])
    head = ['', 'chapter', 'read and run', 'exercises, core', 'stretch'], ['---']*5
    return '\n'.join('| ' + ' | '.join(o) + ' |' for o in (*head, *rows))
