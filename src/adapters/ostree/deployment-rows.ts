/** A row of `ostree admin status`, whose position is the number that `ostree admin undeploy` wants. */
export interface DeploymentRow {
  readonly index: number;
  readonly osName: string;
  readonly commit: string;
  /** Name of the deployment's folder. */
  readonly name: string;
  readonly isMarkedBooted: boolean;
}

const row = /^([* ]) (\S+) ([0-9a-f]{64})(\.\d+)(?: \([a-z]+\))*$/;

/**
 * Numbers are taken from ostree itself right before they are used: a staged deployment of somebody else counts there,
 * but has no boot loader entry.
 */
export function parseDeploymentRows(text: string): readonly DeploymentRow[] {
  const rows: DeploymentRow[] = [];
  for (const line of text.split('\n')) {
    const match = row.exec(line.trimEnd());
    const [, mark, osName, commit, serial] = match ?? [];
    if (osName === undefined || commit === undefined || serial === undefined) continue;
    rows.push({ index: rows.length, osName, commit, name: `${commit}${serial}`, isMarkedBooted: mark === '*' });
  }
  return rows;
}
