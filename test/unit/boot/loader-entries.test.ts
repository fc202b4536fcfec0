import { ostreePaths, splitArguments } from '../../../src/domain/boot/boot-arguments.js';
import { parseLoaderEntries, parseLoaderEntry } from '../../../src/domain/boot/loader-entries.js';

const entry = (version: string): string =>
  `title demo\nversion ${version}\noptions rw ostree=/ostree/boot.1/demo/x/0\nlinux /ostree/demo-x/vmlinuz\n`;

test('reads an entry as libostree writes it', () => {
  const text = `${entry('2')}initrd /ostree/demo-x/initramfs.img\naboot /x\n`;
  expect(parseLoaderEntry('ostree-2-demo.conf', text)).toEqual({
    ok: true,
    value: {
      fileName: 'ostree-2-demo.conf',
      title: 'demo',
      version: '2',
      options: 'rw ostree=/ostree/boot.1/demo/x/0',
      linux: '/ostree/demo-x/vmlinuz',
      initrd: '/ostree/demo-x/initramfs.img',
    },
  });
});

test('the highest version boots first, as a number; then the file name decides', () => {
  const files = ['9', '10', '2'].map((version) => ({ name: `ostree-${version}-demo.conf`, text: entry(version) }));
  const result = parseLoaderEntries([...files, { name: 'README', text: 'no entry' }]);
  expect(result.ok && result.value.map(({ version }) => version)).toEqual(['10', '9', '2']);
  const same = parseLoaderEntries([
    { name: 'a.conf', text: entry('1') },
    { name: 'b.conf', text: entry('1') },
  ]);
  expect(same.ok && same.value.map(({ fileName }) => fileName)).toEqual(['b.conf', 'a.conf']);
});

test.each([
  ['options a\n', 'names no kernel'],
  ['linux /a\n', 'has no options'],
  ['linux /a\noptions a\noptions b\n', 'options twice'],
])('refuses %j', (text, reason) => {
  const result = parseLoaderEntry('x.conf', text);
  expect(!result.ok && result.error).toContain(reason);
});

test('quotes hold words of a command line together', () => {
  expect(splitArguments(' a="x ostree=/no" b\tc ')).toEqual(['a="x ostree=/no"', 'b', 'c']);
  expect(ostreePaths('a="x ostree=/no" ostree=/yes rw ostree_root=/dev/x')).toEqual(['/yes']);
});
