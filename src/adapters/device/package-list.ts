/** Lines `name version`; any other line says nothing of use and is skipped. */
export function parsePackageList(text: string): readonly { readonly name: string; readonly version: string }[] {
  return text.split('\n').flatMap((line) => {
    const [name, version, ...more] = line.trim().split(/\s+/);
    return name === undefined || name === '' || version === undefined || more.length > 0 ? [] : [{ name, version }];
  });
}
