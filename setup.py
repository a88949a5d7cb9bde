"Builds the package from the facts in settings.ini"
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup, find_packages

here = Path(__file__).parent
config = ConfigParser()
config.read(here/'settings.ini', encoding='utf-8')
facts = config['DEFAULT']

setup(
    name=facts['name'],
    version=facts['version'],
    description=facts['description'],
    long_description=(here/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    keywords=facts['keywords'],
    author=facts['author'],
    license=facts['license'],
    license_files=['LICENSE'],
    url=facts['git_url'],
    python_requires=f">={facts['min_python']}",
    install_requires=facts['requirements'].split(),
    extras_require={name: facts[f'{name}_requirements'].split() for name in ('dev', 'widgets', 'scale', 'grade', 'site')},
    packages=find_packages(include=[facts['name'], f"{facts['name']}.*"]),
    package_data={facts['name']: ['bank/*.md', 'records/*.csv', 'page/*']},
    entry_points={'console_scripts': facts['console_scripts'].split(),
                  'nbdev': [f"{facts['name']}={facts['name']}._modidx:d"]},
)
