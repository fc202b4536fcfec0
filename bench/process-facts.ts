/** What the kernel says of a process. */
import { readFile } from 'node:fs/promises';

export interface Memory {
  /** Proportional set size: shared pages count for their share. */
  readonly proportionalMebibytes: number;
  readonly privateDirtyMebibytes: number;
}

const kibibytes = (text: string, name: string): number => {
  const value = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`smaps_rollup has no ${name}`);
  return Number(value);
};

export async function memoryOf(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    proportionalMebibytes: kibibytes(text, 'Pss') / 1024,
    privateDirtyMebibytes: kibibytes(text, 'Private_Dirty') / 1024,
  };
}

/** Of USER_HZ, which is 100 on every Linux that Node runs on. */
const millisecondsPerTick = 10;

/** CPU time of a process with its ended children, milliseconds (proc(5): utime, stime, cutime, cstime). */
export async function cpuMillisecondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) * millisecondsPerTick;
}

/** Bytes that a process caused to be written to a disk (not to a tmpfs), with its ended children. */
export async function writtenBytesOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8');
  return Number(/^write_bytes: (\d+)/m.exec(text)?.[1] ?? Number.NaN);
}
