import fc from 'fast-check';
import { ostreePaths, splitArguments } from '../../../src/domain/boot/boot-arguments.js';
import { parseLoaderEntries } from '../../../src/domain/boot/loader-entries.js';
import { meaningfulLines, parseUEnv } from '../../../src/domain/boot/u-env.js';

const key = fc.constantFrom('kernel_image', 'ramdisk_image', 'fdt_file', 'fdtdir', 'bootargs', 'other', '');
const line = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .tuple(key, fc.constantFrom('', '1', '2', '3', '02', '99'), fc.constantFrom('=', ' ', ''), fc.string())
    .map((parts) => parts.join('')),
);
const text = fc.array(line, { maxLength: 30 }).map((lines) => lines.join('\n'));

test('the parser never throws, and loses no line', () => {
  fc.assert(
    fc.property(text, text, (uEnvText, imageText) => {
      const result = parseUEnv(uEnvText, imageText);
      if (!result.ok) return result.error.length > 0;
      const values = result.value.entries.flatMap((entry) =>
        Object.entries(entry).filter(([field, value]) => field !== 'number' && value !== null),
      );
      return values.length + result.value.otherLines.length === meaningfulLines(uEnvText).length;
    }),
    { numRuns: 2000 },
  );
});

const value = fc.string().map((one) => `/${one.replaceAll(/[\u0000-\u001f\u007f]/g, '_')}`);
const entry = fc.record({ kernel_image: value, ramdisk_image: value, bootargs: value });
const imageLine = fc.stringMatching(/^[a-z]{1,8}=[a-z0-9]{0,8}$/).filter((one) => !/^(fdtdir|bootargs)=/.test(one));

test('what libostree would write is read back', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), fc.array(imageLine), (entries, imageLines) => {
      const lines = entries.flatMap((one, index) => {
        const suffix = index === 0 ? '' : String(index + 1);
        const own = Object.entries(one).map(([name, content]) => `${name}${suffix}=${content}`);
        return index === 0 ? [...own, ...imageLines, ''] : own;
      });
      const result = parseUEnv(`${lines.join('\n')}\n`, imageLines.join('\n'));
      expect(result).toMatchObject({
        ok: true,
        value: {
          otherLines: imageLines,
          entries: entries.map((one, index) => ({
            number: index + 1,
            kernelImage: one.kernel_image,
            ramdiskImage: one.ramdisk_image,
            bootArguments: one.bootargs,
          })),
        },
      });
    }),
  );
});

test('loader entries and command lines never throw; words hold every character that is no space', () => {
  fc.assert(
    fc.property(text, (anything) => {
      parseLoaderEntries([{ name: 'a.conf', text: anything }]);
      ostreePaths(anything);
      return splitArguments(anything).every((word) => word !== '' && anything.includes(word));
    }),
    { numRuns: 1000 },
  );
});
