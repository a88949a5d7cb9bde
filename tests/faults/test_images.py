"Pictures that cannot be read are named, with what was expected; those of other kinds are read rightly"
import re, shutil

import numpy as np, pytest
from PIL import Image

from mnistlearn.data import load_digits

pytestmark = pytest.mark.usefixtures('home')
grey = np.random.default_rng(1).integers(0, 256, (28, 28), dtype=np.uint8)
picture, rgb = Image.fromarray(grey), Image.merge('RGB', [Image.fromarray(grey)]*3)

def refused(fault, path, error, says):
    "Twice, since the second time could find something that was kept"
    for _ in range(2):
        with pytest.raises(error) as e: load_digits(path)
    fault.sentence(e.value, says)

@pytest.mark.fault('broken image')
@pytest.mark.parametrize('content, says', [(b'text', 'does not begin like any image'), (b'', 'is empty'), (slice(-99), 'could not be read .*truncated'), (slice(-400), 'could not be read .*truncated'),
    (slice(33), 'does not begin like any image'), (None, 'is no file')], ids=['text', 'empty', 'cut at the end', 'cut in the middle', 'cut in the header', 'folder'])
def test_broken(content, says, fault, write_digits):
    bad = (path := write_digits())/'valid/7/10.png'
    whole = bad.read_bytes()
    bad.unlink()
    if content is None: bad.mkdir()
    else: bad.write_bytes(whole[content] if isinstance(content, slice) else content)
    refused(fault, path, ValueError, re.escape(f'{bad}: it ') + says + '.*re(place|name) or remove it')

@pytest.mark.fault('broken image')
def test_flipped(fault, rng, times, write_digits):
    "Each file of a picture has a checksum of its own: what has changed is named, or nothing has that can be seen"
    path = write_digits(n=1)
    whole = (file := path/'train/3/9.png').read_bytes()
    expected = load_digits(path, cache=False)
    for _ in range(times(50, 1000)):
        broken = bytearray(whole)
        broken[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        file.write_bytes(broken)
        try: found = load_digits(path, cache=False)
        except ValueError as e: fault.sentence(e, re.escape(str(file)))
        else:
            assert all(a.equal(b) for a, b in zip(found, expected))
            fault.right()

@pytest.mark.fault('wrong size')
@pytest.mark.parametrize('pixels, says', [(grey[:27], '27 x 28'), (grey[:, :27], '28 x 27'), (grey[:1, :1], '1 x 1'), (np.tile(grey, (30, 30)), '840 x 840')], ids=['low', 'narrow', 'one pixel', 'large'])
def test_size(pixels, says, fault, write_digits):
    Image.fromarray(pixels).save((path := write_digits())/'valid/7/10.png')
    refused(fault, path, ValueError, f'valid/7/10.png: it is {says} pixels, expected 28 x 28')

@pytest.mark.fault('wrong mode or type')
@pytest.mark.parametrize('image, says', [(Image.merge('RGBA', [*rgb.split(), picture]), 'some of its pixels are transparent; save it'), (picture.convert('CMYK'), 'its mode is CMYK; save it as 8-bit grey'),
    (picture.convert('F'), 'its mode is F; save it')], ids=['transparent', 'CMYK', 'floats'])
def test_mode(image, says, fault, write_digits):
    image.save((path := write_digits())/'valid/7/10.png', 'PNG' if image.mode == 'RGBA' else 'TIFF')
    refused(fault, path, ValueError, f'valid/7/10.png: {says}')

palette = Image.fromarray(grey//64)
palette.putpalette(np.repeat([0, 80, 160, 255], 3).tolist())
noise = Image.fromarray(np.random.default_rng(2).integers(0, 256, (28, 28, 3), dtype=np.uint8))
deep = Image.fromarray((grey//2).astype(np.uint16)*257 + 2)

@pytest.mark.fault('wrong mode or type')
@pytest.mark.parametrize('ext, image, want', [('png', rgb, grey), ('png', deep, grey//2), ('png', picture.convert('RGBA'), grey),
    ('png', picture.convert('LA'), grey), ('png', palette, np.array([0, 80, 160, 255])[grey//64]), ('png', noise, noise.convert('L')),
    ('png', Image.fromarray(grey > 99), (grey > 99)*255), ('bmp', picture, grey), ('TIF', picture, grey), ('gif', picture, grey)],
    ids=['RGB', '16-bit', 'RGBA', 'grey and alpha', 'palette', 'colours', '1-bit', 'bmp', 'tif in capitals', 'gif'])
def test_other_kinds_become_grey(ext, image, want, fault, write_digits):
    image.save((path := write_digits(n=1))/f'train/3/0.{ext}')
    assert np.array_equal(load_digits(path, 3).train_x[0], want)
    fault.right()

@pytest.mark.fault('empty class')
@pytest.mark.parametrize('spoil, says', [
    (lambda p: shutil.rmtree(p), '{p}: there is no such folder'),
    (lambda p: shutil.rmtree(p/'valid'), '{p}: expected the folders train and valid (or training and testing) in it; found train'),
    (lambda p: [shutil.rmtree(o) for o in p.iterdir()], 'found nothing'),
    (lambda p: [shutil.rmtree(o) for o in (p/'train').iterdir()], '{p}/train: expected a folder for each digit'),
    (lambda p: shutil.rmtree(p/'valid/7'), '{p}/train has the classes 3, 7, but valid has 3'),
    (lambda p: (p/'train/cats').mkdir(), "{p}/train/cats: a digit's folder is named by a whole number"),
    (lambda p: [o.unlink() for o in (p/'valid/3').iterdir()], '{p}/valid/3: there is no image in it'),
    (lambda p: [o.rename(f'{o}.txt') for o in (p/'valid/3').iterdir()], '{p}/valid/3: there is no image in it')],
    ids=['no folder', 'no split', 'empty', 'no classes', 'class missing', 'not a number', 'empty class', 'no image in class'])
def test_empty(spoil, says, fault, write_digits):
    spoil(path := write_digits())
    refused(fault, path, (FileNotFoundError, ValueError), re.escape(says.format(p=path)))
