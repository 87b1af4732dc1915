/**
 * Letter case as .NET changes it: letter by letter, one letter for one (`ß` stays `ß`, where JavaScript makes `SS`), with the
 * dotted and dotless i only for Turkish and Azeri.
 */
function isTurkic(culture: string | undefined): boolean {
  return culture !== undefined && /^(?:tr|az)(?:-|$)/i.test(culture);
}

export function toUpperCase(text: string, culture?: string): string {
  if (isTurkic(culture)) return mapLetters(text, (letter) => letter.toLocaleUpperCase('tr'));
  // The invariant culture keeps the dotless i.
  return mapLetters(text, (letter) => (letter === 'ı' && culture === undefined ? letter : letter.toUpperCase()));
}

export function toLowerCase(text: string, culture?: string): string {
  if (isTurkic(culture)) return mapLetters(text, (letter) => letter.toLocaleLowerCase('tr'));
  return mapLetters(text, (letter) => letter.toLowerCase());
}

function mapLetters(text: string, map: (letter: string) => string): string {
  let out = '';
  for (const letter of text) {
    const mapped = map(letter);
    out += mapped.length === letter.length ? mapped : letter;
  }
  return out;
}

/** A word of TextInfo.ToTitleCase: it starts with a letter and ends before a blank, a sign or punctuation, except the apostrophe. */
const titleWord = /\p{L}(?:'|[^\p{Z}\p{C}\p{P}\p{S}])*/gu;

/** First letter of each word large, the others small, also in words that were all capitals. */
export function toProperCase(text: string): string {
  return text.replaceAll(titleWord, capitalise);
}

/** As `toProperCase`, but only the given characters separate words. */
export function toProperCaseBetween(text: string, separators: string): string {
  const marks = new Set(separators);
  let out = '';
  let word = '';
  for (const letter of text) {
    if (marks.has(letter)) {
      out += capitalise(word) + letter;
      word = '';
    } else word += letter;
  }
  return out + capitalise(word);
}

function capitalise(word: string): string {
  const [first = ''] = word;
  return toUpperCase(first) + toLowerCase(word.slice(first.length));
}
