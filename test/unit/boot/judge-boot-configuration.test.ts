import {
  judgeLoaderEntries,
  judgeUEnv,
  type EntryFacts,
  type UEnvJudgement,
} from '../../../src/domain/boot/judge-boot-configuration.js';
import type { LoaderEntry } from '../../../src/domain/boot/loader-entries.js';
import { parseUEnv } from '../../../src/domain/boot/u-env.js';

const next = { commit: 'b'.repeat(64), folder: '/deploy/b.0' };
const running = { commit: 'a'.repeat(64), folder: '/deploy/a.0' };
const options = ['rw ostree=/ostree/boot.0/demo/x/0', 'rw ostree=/ostree/boot.0/demo/x/1'] as const;
const imageText = 'board=1\nfdt_file=board.dtb\n';
const text = `kernel_image=/k\nramdisk_image=/r\nbootargs=${options[0]}\n${imageText}\nkernel_image2=/k\nramdisk_image2=/r\nbootargs2=${options[1]}\n`;

const good = (deployment: EntryFacts['deployment']): EntryFacts => ({
  kernelBytes: 5,
  ramdiskBytes: 6,
  fdtBytes: null,
  hasFdtFolder: false,
  deployment,
});
const loaderEntry = (index: 0 | 1): LoaderEntry => ({
  fileName: `ostree-${2 - index}-demo.conf`,
  title: '',
  version: String(2 - index),
  options: options[index],
  linux: '/k',
  initrd: '/r',
});

function judge(change: Partial<UEnvJudgement> & { readonly text?: string } = {}): readonly string[] {
  const image = change.imageText ?? imageText;
  const uEnv = parseUEnv(change.text ?? text, image);
  if (!uEnv.ok) throw new Error(uEnv.error);
  return judgeUEnv({
    uEnv: uEnv.value,
    facts: [good(next), good(running)],
    loaderEntries: [loaderEntry(0), loaderEntry(1)],
    imageText: image,
    expectation: { first: next, second: running },
    ...change,
  });
}

test('nothing differs', () => {
  expect(judge()).toEqual([]);
});

test.each<[string, Partial<UEnvJudgement> & { text?: string }, string]>([
  ['the old version first', { facts: [good(running), good(next)] }, `bootargs boots ${running.commit}`],
  ['same commit in another folder', { facts: [good({ ...next, folder: '/x' }), good(running)] }, 'bootargs boots'],
  ['a path to nowhere', { facts: [good(null), good(running)] }, 'ostree= of bootargs leads to no deployment'],
  [
    'no kernel file',
    { facts: [{ ...good(next), kernelBytes: null }, good(running)] },
    'kernel_image=/k does not exist',
  ],
  ['an empty kernel', { facts: [{ ...good(next), kernelBytes: 0 }, good(running)] }, 'kernel_image=/k is empty'],
  ['an empty initramfs', { facts: [good(next), { ...good(running), ramdiskBytes: 0 }] }, 'ramdisk_image2=/r is empty'],
  [
    'no device tree',
    { text: text.replace('kernel_image2', 'fdt_file2=/f\nkernel_image2') },
    'fdt_file2=/f does not exist',
  ],
  [
    'no folder of device trees',
    { text: text.replace('kernel_image2', 'fdtdir2=/f\nkernel_image2') },
    'fdtdir2=/f is no folder',
  ],
  ['another second', { facts: [good(next), good(next)] }, 'bootargs2 boots'],
  ['no facts', { facts: [] }, 'kernel_image=/k does not exist'],
  ['no entry at all', { text: '', facts: [] }, 'no entry that could boot'],
  ['no second', { text: text.slice(0, text.indexOf('kernel_image2')) }, 'no second entry'],
  ['a stale file', { loaderEntries: [loaderEntry(0)] }, 'boot/loader/entries has 1'],
  [
    'other arguments than the entries',
    { loaderEntries: [loaderEntry(1), loaderEntry(0)] },
    'bootargs of entry 1 differ',
  ],
  ['a foreign line', { text: `${text}mmcdev=0\n` }, 'foreign line "mmcdev=0"'],
  [
    'a foreign line of one without own lines',
    { text: text.replace(imageText, 'x=1\n'), imageText: '' },
    'foreign line "x=1"',
  ],
  ['a line of the image missing', { text: text.replace('board=1\n', '') }, ''],
  ['a line of the image altered', { text: text.replace('board=1', 'board=2') }, 'line "board=2" instead of'],
  ['two ostree= arguments', { text: text.replace('bootargs=rw', 'bootargs=rw ostree=/x') }, 'has 2 ostree= arguments'],
  ['no arguments', { text: text.replace(`bootargs2=${options[1]}\n`, '') }, 'bootargs2 has 0 ostree='],
])('%s', (_name, change, difference) => {
  const differences = judge(change);
  expect(differences).not.toEqual([]);
  expect(differences.join('\n')).toContain(difference);
});

test('an image whose own lines decide what boots is refused', () => {
  const evil = 'bootargs=rw ostree=/other\n';
  expect(judge({ text: text.replace(imageText, evil), imageText: evil })).toContain(
    "the image's own lines set bootargs",
  );
});

test('without a running version no second entry is needed', () => {
  expect(judge({ expectation: { first: next, second: null } })).toEqual([]);
});

test('loader entries alone are judged the same way', () => {
  const expectation = { first: next, second: running };
  const entries = [loaderEntry(0), loaderEntry(1)];
  expect(judgeLoaderEntries(entries, [good(next), good(running)], expectation)).toEqual([]);
  expect(judgeLoaderEntries(entries, [good(running), good(next)], expectation).join()).toContain('options of ostree-2');
  expect(judgeLoaderEntries([], [], expectation)).toEqual(['there is no entry that could boot']);
});
