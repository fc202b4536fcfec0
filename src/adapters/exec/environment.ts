/**
 * The whole environment of a child: nothing of ours goes through, so that no secret does and no locale changes what
 * we read of its output.
 */
const fixed: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
};

/** Tells whose child a process is, after that one is gone. */
export const ownerVariable = 'SOTAD_CHILD_OF';

/** The fixed variables, the owner's name if there is one, and those that the request adds. */
export function childEnvironment(
  added: Readonly<Record<string, string>> | undefined,
  owner: string | null,
): Record<string, string> {
  return { ...fixed, ...(owner === null ? {} : { [ownerVariable]: owner }), ...added };
}
