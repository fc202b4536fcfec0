const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?Z$/;

/** Whole seconds from one moment to another (ISO 8601, UTC); null when one of them is none. */
export function secondsBetween(earlier: string, later: string): number | null {
  const from = secondsOf(earlier);
  const to = secondsOf(later);
  return from === null || to === null ? null : to - from;
}

function secondsOf(moment: string): number | null {
  const parts = form.exec(moment);
  if (parts === null) {
    return null;
  }
  const number = (index: number): number => Number(parts[index]);
  const days = dayNumber(number(1), number(2), number(3));
  return days * 86_400 + number(4) * 3600 + number(5) * 60 + number(6);
}

/** Days since some fixed day, in years that begin in March, so that the leap day comes last. */
function dayNumber(year: number, month: number, day: number): number {
  const yearFromMarch = month > 2 ? year : year - 1;
  const monthFromMarch = (month + 9) % 12;
  const leapDays = Math.floor(yearFromMarch / 4) - Math.floor(yearFromMarch / 100) + Math.floor(yearFromMarch / 400);
  return yearFromMarch * 365 + leapDays + Math.floor((153 * monthFromMarch + 2) / 5) + day;
}

/** `just now`, `2 minutes ago`, `in 5 minutes`: the largest whole unit. */
export function relativeText(moment: string, now: string): string | null {
  const seconds = secondsBetween(moment, now);
  if (seconds === null) {
    return null;
  }
  const distance = Math.abs(seconds);
  if (distance < 2) {
    return 'just now';
  }
  const [amount, unit] = largestUnit(distance);
  const words = `${amount} ${unit}${amount === 1 ? '' : 's'}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

function largestUnit(seconds: number): readonly [number, string] {
  if (seconds < 60) {
    return [seconds, 'second'];
  }
  if (seconds < 3600) {
    return [Math.floor(seconds / 60), 'minute'];
  }
  return seconds < 86_400 ? [Math.floor(seconds / 3600), 'hour'] : [Math.floor(seconds / 86_400), 'day'];
}
