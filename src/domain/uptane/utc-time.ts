/** Times as metadata write them: `YYYY-MM-DDTHH:MM:SSZ`, nothing else (aktualizr.md 4.4). Pure arithmetic. */

const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/;
const millisecondsPerDay = 86_400_000;

/** @returns milliseconds since the epoch; null for any other form and for days that no calendar has. */
export function parseUtcTime(text: string): number | null {
  const found = form.exec(text);
  if (found === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  const days = daysSinceEpoch(year, month, day);
  const [, monthAgain, dayAgain] = civilDate(days);
  if (monthAgain !== month || dayAgain !== day) return null;
  return days * millisecondsPerDay + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** The text of a time between the years 0 and 9999; milliseconds are cut off. */
export function formatUtcTime(milliseconds: number): string {
  const days = Math.floor(milliseconds / millisecondsPerDay);
  const seconds = Math.floor((milliseconds - days * millisecondsPerDay) / 1000);
  const [year, month, day] = civilDate(days);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return `${date}T${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}Z`;
}

/** Days of the Gregorian calendar, counted in years that begin with March, so that the leap day comes last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilDate(daysFromEpoch: number): readonly [number, number, number] {
  const days = daysFromEpoch + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
