// For development only: never part of what runs on a device.
import { randomUUID } from 'node:crypto';
import { isAlteration, type Alteration } from '../metadata/alteration.js';
import type { RepositoryName } from '../settings.js';
import type { ExchangeAction, FaultAction, FaultMatch, FaultRule } from './rule.js';

/** What a rule may look at. */
export interface FaultSubject {
  readonly method: string;
  readonly path: string;
  readonly device: string | null;
}

interface Entry {
  readonly rule: FaultRule;
  readonly path: RegExp | null;
  /** Requests that matched. */
  seen: number;
  /** Of these, those it struck. */
  fired: number;
}

/** The faults in force. The first rule that matches strikes; each stroke is logged. */
export class FaultBook {
  private entries: Entry[] = [];
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly log: (line: string) => void) {}

  add(fault: { readonly match?: FaultMatch; readonly action: FaultAction }): FaultRule {
    const rule: FaultRule = { id: randomUUID(), match: fault.match ?? {}, action: fault.action };
    this.entries.push({
      rule,
      path: rule.match.path === undefined ? null : new RegExp(rule.match.path),
      seen: 0,
      fired: 0,
    });
    this.changed();
    return rule;
  }

  list(): readonly (FaultRule & { readonly fired: number })[] {
    return this.entries.map((entry) => ({ ...entry.rule, fired: entry.fired }));
  }

  /** @returns whether there was such a rule. */
  remove(id: string): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.rule.id !== id);
    this.changed();
    return this.entries.length < before;
  }

  clear(): void {
    this.entries = [];
    this.changed();
  }

  /** Called after each change. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  strikeExchange(subject: FaultSubject): ExchangeAction | null {
    const action = this.strike(subject, (one) => !isAlteration(one) && one.kind !== 'foreignCertificate');
    return action as ExchangeAction | null;
  }

  strikeMetadata(subject: FaultSubject, repository: RepositoryName): Alteration | null {
    const action = this.strike(
      subject,
      (one) => isAlteration(one) && one.repository === repository && !concernsRoot(one),
    );
    return action !== null && isAlteration(action) ? withoutPlace(action) : null;
  }

  /** What a root shall be. Counts don't limit this: a client fetches a whole chain of roots, whose end counts. */
  rootFault(subject: FaultSubject, repository: RepositoryName): 'expired' | 'badSignature' | null {
    const entry = this.entries.find((one) => isRootAction(one.rule.action, repository) && isMet(one, subject));
    if (entry === undefined) {
      return null;
    }
    entry.fired += 1;
    return entry.rule.action.kind === 'expired' ? 'expired' : 'badSignature';
  }

  /** For a new connection, of which neither path nor device is known. */
  strikeConnection(): boolean {
    const subject = { method: '', path: '', device: null };
    return this.strike(subject, (one) => one.kind === 'foreignCertificate') !== null;
  }

  private strike(subject: FaultSubject, isWanted: (action: FaultAction) => boolean): FaultAction | null {
    for (const entry of this.entries) {
      if (!isWanted(entry.rule.action) || !isMet(entry, subject)) {
        continue;
      }
      entry.seen += 1;
      const { nth, times } = entry.rule.match;
      if ((nth !== undefined && entry.seen !== nth) || (times !== undefined && entry.fired >= times)) {
        continue;
      }
      entry.fired += 1;
      this.log(`fault ${JSON.stringify(entry.rule.action)} strikes ${subject.method} ${subject.path}`);
      return entry.rule.action;
    }
    return null;
  }

  private changed(): void {
    this.listeners.forEach((listener) => listener());
  }
}

function isMet(entry: Entry, subject: FaultSubject): boolean {
  const { match } = entry.rule;
  return (
    (match.method === undefined || subject.method === '' || match.method === subject.method) &&
    (entry.path === null || entry.path.test(subject.path)) &&
    (match.device === undefined || match.device === subject.device)
  );
}

function concernsRoot(action: Alteration): boolean {
  return (action.kind === 'expired' || action.kind === 'badSignature') && action.role === 'root';
}

function isRootAction(action: FaultAction, repository: RepositoryName): boolean {
  return isAlteration(action) && action.repository === repository && concernsRoot(action);
}

/** The repository is the place of an alteration, not part of it. */
function withoutPlace(action: Alteration): Alteration {
  const parts = Object.entries(action).filter(([name]) => name !== 'repository');
  return Object.fromEntries(parts) as unknown as Alteration;
}
