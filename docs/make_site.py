"""Builds the course as a site, from what the notebooks showed when they were run

    python docs/make_site.py               into build/site, in every language; build/site/index.html is where to begin
    python docs/make_site.py --stick       and zips it with the notebooks and the package, for where there is no network
    python docs/make_site.py --out FOLDER  into another folder
    python docs/make_site.py --texts       brings docs/locale in step with the notebooks, and says how much is translated
"""
import argparse, shutil, subprocess, sys, tempfile
from pathlib import Path

from babel.messages.pofile import read_po
from sphinx.cmd.build import main as sphinx

from conf import languages, root, settings, translated

build, locale = root/'build', root/'docs'/'locale'
start = '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={url}"><title>{title}</title><a href="{url}">{title}</a></html>\n'

def run_sphinx(builder, out, language='en', *files):
    "One run of Sphinx, in which each warning counts as an error"
    doctrees = build/'doctrees'/f'{builder}-{language}'
    args = ['-q', '-W', '--keep-going', '-b', builder, '-c', root/'docs', '-d', doctrees, '-D', f'language={language}', root, out]
    if status := sphinx([str(o) for o in (*args, *files)]): raise SystemExit(status)

def build_site(out=build/'site'):
    "The site, with a folder for each other language"
    out = Path(out)
    if (out/'objects.inv').is_file(): shutil.rmtree(out) # Sphinx made it before: no page stays that there is no more
    for language in languages:
        folder = out if language == 'en' else out/language
        run_sphinx('html', folder, language)
        shutil.rmtree(folder.parent/'jupyter_execute', ignore_errors=True) # myst-nb's second copy of what cells showed
        (folder/'index.html').write_text(start.format(language=language, url='nbs/index.html', title=settings['name']), encoding='utf-8')
    return out

def build_stick(site=build/'site', out=build):
    "The site in a zip file, with all that a class needs where there is no network"
    name = f'{settings["name"]}-{settings["version"]}-course'
    with tempfile.TemporaryDirectory() as tmp:
        top = Path(tmp)/name
        shutil.copytree(site, top/'site')
        shutil.copytree(root/'nbs', top/'notebooks', ignore=shutil.ignore_patterns('.ipynb_checkpoints'))
        shutil.copy(root/'LICENSE', top)
        subprocess.run([sys.executable, '-m', 'pip', 'wheel', root, '--no-deps', '--no-build-isolation', '-q', '-w', top], check=True)
        (top/'START HERE.html').write_text(start.format(language='en', url='site/docs/stick.html', title='Start here'), encoding='utf-8')
        return Path(shutil.make_archive(Path(out)/name, 'zip', tmp, name))

def update_texts():
    "Collect the texts to translate, and bring each language's files in step; what has changed is marked as fuzzy there"
    texts = build/'texts'
    shutil.rmtree(texts, ignore_errors=True)
    run_sphinx('gettext', texts, 'en', *translated)
    pages = {o.rpartition('.')[0] for o in translated}
    for file in texts.rglob('*.pot'): # others come along, since they link to these
        if file.relative_to(texts).with_suffix('').as_posix() not in pages: file.unlink()
    others = [f'-l{o}' for o in languages if o != 'en']
    subprocess.run([sys.executable, '-m', 'sphinx_intl', 'update', '-p', texts, '-d', locale, '-w', '0', '--no-obsolete', *others], check=True)

def completeness():
    "For each language and page, how many of its texts are translated, and how many there are"
    counts = {}
    for file in sorted(locale.rglob('*.po')):
        language, _, *page = file.relative_to(locale).with_suffix('').parts
        with file.open('rb') as f: messages = [o for o in read_po(f) if o.id]
        counts[languages[language], '/'.join(page)] = sum(bool(o.string) and not o.fuzzy for o in messages), len(messages)
    return counts

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--stick', action='store_true', help='make the zip as well')
    parser.add_argument('--out', type=Path, default=build/'site', help='folder for the site (default: build/site)')
    parser.add_argument('--texts', action='store_true', help='bring the translations in step, and say how complete they are')
    args = parser.parse_args()
    if args.texts:
        update_texts()
        for (language, page), (done, n) in completeness().items(): print(f'{language}, {page}: {done} of {n} texts')
    else:
        site = build_site(args.out)
        print(f'site: {site/"index.html"}')
        if args.stick: print(f'stick: {build_stick(site)}')
