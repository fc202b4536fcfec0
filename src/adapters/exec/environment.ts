/**
 * The whole environment of a child: nothing of ours goes through, so that no secret does and no locale changes what
 * we read of its output.
 */
const fixed: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
};

/** The fixed variables and those that the request adds. */
export function childEnvironment(added: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return { ...fixed, ...added };
}
