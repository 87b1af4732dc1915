/**
 * Date pictures, read once instead of at every call: a tenth of the reference's time. Only fixed-width digits with
 * separators; everything else, and every value that does not fit exactly, is left to the reference's own functions.
 */
export interface Picture {
  readonly length: number;
  readonly parts: readonly PicturePart[];
  /** Position and character of every separator, one after the other. */
  readonly separators: readonly number[];
  /** Where each component begins, -1 when absent. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}
interface PicturePart {
  /** The component, '' for text between. */
  readonly component: Component | '';
  readonly literal: string;
}
type Component = 'Y' | 'M' | 'D' | 'H' | 'm' | 's';

const marker = /^\[(Y0001|M01|D01|H01|m01|s01)\]/;
const literals = /^[-./:, T]+/;

/** The picture for both directions, or undefined when it is of another kind. */
export function readPicture(text: string): Picture | undefined {
  const at: Record<Component, number> = { Y: -1, M: -1, D: -1, H: -1, m: -1, s: -1 };
  const parts: PicturePart[] = [];
  const separators: number[] = [];
  let [rest, position, separated] = [text, 0, true];
  while (rest !== '') {
    const mark = marker.exec(rest);
    const taken = mark?.[0] ?? literals.exec(rest)?.[0];
    if (taken === undefined) return undefined;
    if (mark === null) {
      parts.push({ component: '', literal: taken });
      for (let index = 0; index < taken.length; index += 1) separators.push(position + index, taken.charCodeAt(index));
      position += taken.length;
      separated = true;
    } else {
      const component = componentOf(taken.charAt(1));
      if (component === undefined || at[component] !== -1 || !separated) return undefined;
      at[component] = position;
      parts.push({ component, literal: '' });
      position += component === 'Y' ? 4 : 2;
      separated = false;
    }
    rest = rest.slice(taken.length);
  }
  if (at.Y < 0 || at.M < 0 || at.D < 0) return undefined;
  // Hours before minutes before seconds: a gap is an error of the reference.
  if ((at.s >= 0 && at.m < 0) || (at.m >= 0 && at.H < 0)) return undefined;
  return { length: position, parts, separators, year: at.Y, month: at.M, day: at.D, hour: at.H, minute: at.m, second: at.s };
}

function componentOf(letter: string): Component | undefined {
  return letter === 'Y' || letter === 'M' || letter === 'D' || letter === 'H' || letter === 'm' || letter === 's' ? letter : undefined;
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** Milliseconds of a text, or undefined when the reference has to look at it. */
export function millisOf(picture: Picture, text: string): number | undefined {
  if (text.length !== picture.length) return undefined;
  const { separators } = picture;
  for (let index = 0; index < separators.length; index += 2)
    if (text.charCodeAt(separators[index] ?? 0) !== separators[index + 1]) return undefined;
  const year = twoDigits(text, picture.year) * 100 + twoDigits(text, picture.year + 2);
  const month = twoDigits(text, picture.month);
  const day = twoDigits(text, picture.day);
  const hour = picture.hour < 0 ? 0 : twoDigits(text, picture.hour);
  const minute = picture.minute < 0 ? 0 : twoDigits(text, picture.minute);
  const second = picture.second < 0 ? 0 : twoDigits(text, picture.second);
  // The reference takes a zero for an absent component, and JavaScript a year below 100 for one of the last century.
  if (!(year >= 100 && month >= 1 && day >= 1)) return undefined;
  const millis = utcOf(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000;
  return Number.isNaN(millis) ? undefined : millis;
}

/** Days before the first of March of a civil year count from 0000-03-01; months and days beyond their range run over. */
function utcOf(year: number, month: number, day: number): number {
  if (month > 12) return Date.UTC(year, month - 1, day);
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + dayOfYear - 719_468) * 86_400_000;
}

const pairs = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));
const pair = (value: number): string => pairs[value] ?? '00';
const firstMillis = Date.UTC(1000, 0, 1);
const lastMillis = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The text of an instant in UTC, or undefined when the reference has to write it. */
export function formatMillis(picture: Picture, millis: number): string | undefined {
  if (!(millis >= firstMillis && millis <= lastMillis) || !Number.isInteger(millis)) return undefined;
  const days = Math.floor(millis / 86_400_000) + 719_468;
  const seconds = Math.floor((millis - Math.floor(millis / 86_400_000) * 86_400_000) / 1000);
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  let text = '';
  for (const part of picture.parts) {
    if (part.component === '') text += part.literal;
    else if (part.component === 'Y') text += pair(Math.floor(year / 100)) + pair(year % 100);
    else if (part.component === 'M') text += pair(month);
    else if (part.component === 'D') text += pair(dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1);
    else if (part.component === 'H') text += pair(Math.floor(seconds / 3600));
    else if (part.component === 'm') text += pair(Math.floor(seconds / 60) % 60);
    else text += pair(seconds % 60);
  }
  return text;
}

/** `2024-06-01`, the commonest of ISO 8601; undefined: the reference looks at it. */
export function millisOfDate(text: string): number | undefined {
  if (text.length !== 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  return year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 28 ? utcOf(year, month, day) : undefined;
}
