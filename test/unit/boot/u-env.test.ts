import { parseUEnv } from '../../../src/domain/boot/u-env.js';

const first = ['kernel_image=/boot/ostree/demo-1/vmlinuz', 'ramdisk_image=/boot/ostree/demo-1/initramfs.img'];
const firstArguments = 'bootargs=root=LABEL=otaroot rw ostree=/ostree/boot.0/demo/1/0';
const second = ['kernel_image2=/boot/ostree/demo-0/vmlinuz', 'bootargs2=rw ostree=/ostree/boot.0/demo/0/0'];

function parsed(lines: readonly string[], imageText = '') {
  const result = parseUEnv(`${lines.join('\n')}\n`, imageText);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function refusal(text: string): string {
  const result = parseUEnv(text);
  return result.ok ? 'accepted' : result.error;
}

test('reads entries with and without suffix, and keeps other lines in order', () => {
  const uEnv = parsed(['a=1', ...first, firstArguments, 'b=2', '', ...second, '# note']);
  expect(uEnv.entries).toEqual([
    {
      number: 1,
      kernelImage: '/boot/ostree/demo-1/vmlinuz',
      ramdiskImage: '/boot/ostree/demo-1/initramfs.img',
      fdtFile: null,
      fdtFolder: null,
      bootArguments: 'root=LABEL=otaroot rw ostree=/ostree/boot.0/demo/1/0',
    },
    expect.objectContaining({ number: 2, kernelImage: '/boot/ostree/demo-0/vmlinuz', ramdiskImage: null }),
  ]);
  expect(uEnv.otherLines).toEqual(['a=1', 'b=2', '# note']);
});

test('an empty file has no entry', () => {
  expect(parsed([''])).toEqual({ entries: [], otherLines: [] });
});

test("the image's own lines may name a device tree without being taken for an entry's", () => {
  const image = 'fdt_file=board.dtb\nconsole=ttyS0\n';
  const uEnv = parsed([...first, firstArguments, 'fdt_file=board.dtb', 'console=ttyS0', '', ...second], image);
  expect(uEnv.entries[0]!.fdtFile).toBeNull();
  expect(uEnv.otherLines).toEqual(['fdt_file=board.dtb', 'console=ttyS0']);
});

test('names that only begin like a key are other lines', () => {
  expect(parsed([...first, firstArguments, 'kernel_image_size=3']).otherLines).toEqual(['kernel_image_size=3']);
});

test.each([
  ['bootargs=a\nbootargs=b\n', 'bootargs is given twice'],
  ['bootargs2=a\n', 'entry 1 is missing'],
  ['bootargs=a\nbootargs3=a\n', 'entry 2 is missing'],
  ['bootargs1=a\n', 'suffix'],
  ['bootargs02=a\n', 'suffix'],
  ['bootargs99999999999999999999=a\n', 'suffix'],
  ['bootargs=a\rb\n', 'control character'],
  ['bootargs=a\0\n', 'NUL'],
  ['x'.repeat(300_000), 'longer'],
])('refuses %j', (text, reason) => {
  expect(refusal(text)).toContain(reason);
});
