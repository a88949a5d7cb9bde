"""How well being unsure tells digits from what is none

    python benchmarks/doubt.py                      digits on paper, and letters in matplotlib's fonts
    python benchmarks/doubt.py images-idx3-ubyte.gz  images from a file as MNIST's or Fashion-MNIST's besides

For each kind of picture: how many there are, how sure the kept reader is of them on average, and how many of them it would doubt below some
thresholds. What was measured stands in benchmarks/README.md.
"""
import gzip, sys

import numpy as np, pandas as pd, torch
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from mnistlearn.all import *
from mnistlearn.apps.reader import kept_reader

thresholds = .5, .8, .9, .95, .98
fonts = 'DejaVu Sans', 'DejaVu Serif', 'DejaVu Sans Mono', 'STIXGeneral', 'cmr10'
letters = 'ABCDEFGHJKLMNPQRTUVWXYabdefghknrtuwxy' # without those that may be a digit: I, O, S, Z, l...

def printed(sign, family):
    im = Image.new('L', (160, 160), 255)
    ImageDraw.Draw(im).text((80, 80), sign, 0, ImageFont.truetype(font_manager.findfont(family), 90), anchor='mm')
    return im

def on_paper(image):
    "A testing image, enlarged, as ink on paper that is lit from one side"
    strokes = np.asarray(Image.fromarray(to_np(image)).resize((120, 120), Image.Resampling.BICUBIC), dtype=float)/255
    page = np.pad(strokes, 40)
    light = 1 - .4*np.linspace(0, 1, page.shape[1])
    noise = np.random.default_rng(0).normal(0, 5, page.shape)
    return Image.fromarray(((230 - 180*page)*light + noise).clip(0, 255).astype(np.uint8))

def images_in(file):
    "The images of an idx file, (n, 28, 28)"
    with (gzip.open if str(file).endswith('.gz') else open)(file, 'rb') as f: data = f.read()
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)

def how_sure(reader, pictures):
    found = []
    for o in pictures:
        try: found.append(reader.read(o).probability)
        except ValueError: found.append(0.) # refused
    return np.array(found)

def main():
    reader, data = kept_reader(), load_digits(mnist())
    kinds = {'digits on paper': [on_paper(o) for o in data.valid_x[::25]], 'printed digits': [printed(o, f) for f in fonts for o in '0123456789'],
             'printed letters': [printed(o, f) for f in fonts for o in letters]}
    for file in sys.argv[1:]: kinds[file.split('/')[-1]] = images_in(file)[:400]
    rows, sure = [], {name: how_sure(reader, pictures) for name, pictures in kinds.items()}
    digits = sure['digits on paper']
    for name, o in sure.items():
        apart = ((digits[:, None] > o).mean() + .5*(digits[:, None] == o).mean()) # that of two pictures, the digit is the surer one
        rows.append(dict(pictures=name, n=len(o), sure=o.mean(), **{f'< {t}': (o < t).mean() for t in thresholds}, apart=apart))
    print(pd.DataFrame(rows).to_string(index=False, float_format='{:.2f}'.format))

if __name__ == '__main__': main()
