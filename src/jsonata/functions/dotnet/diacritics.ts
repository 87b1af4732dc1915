/**
 * The table of Microsoft's NormalizeDiacritics: 261 entries, no rule of any language, no decomposition of what is not in it
 * (`ồ`, `đ`, `ŋ` and plain `œ` stay as they are). Several entries are a letter with combining marks.
 * Small letters; each has its capital, mapped to the capital letter or letters (`Ø` gives `OE`), except `ß`.
 */
const smallRows: readonly (readonly [result: string, characters: string])[] = [
  ['a', 'ä à â ã å á ą ă ā ā́ ā̀ ā̂ ā̃ ǟ ā̈ ǡ a̱ å̄'],
  ['ae', 'æ ǣ'],
  ['c', 'ç č ć c̄ c̱'],
  ['d', 'ď d̄ ḏ'],
  ['e', 'ë è é ê ę ě ė ē ḗ ḕ ē̂ ē̃ ê̄ e̱ ë̄ e̊̄'],
  ['g', 'ğ ḡ g̱'],
  ['i', 'ï î ì í ı ī ī́ ī̀ ī̂ ī̃ i̱'],
  ['l', 'ľ ł l̄ ḹ ḻ'],
  ['n', 'ñ ń ň n̄ ṉ'],
  ['o', 'ö ò ő õ ô ó ō ṓ ṑ ō̂ ō̃ ȫ ō̈ ǭ ȭ ȱ o̱'],
  ['oe', 'ø ø̄ œ̄'],
  ['r', 'ř r̄ ṟ ṝ'],
  ['ss', 'ß'],
  ['s', 'š ś ș ş s̄ s̱'],
  ['t', 'ť ț t̄ ṯ'],
  ['u', 'ü ù û ú ů ű ū ū́ ū̀ ū̂ ū̃ u̇̄ ǖ ṻ ṳ̄ u̱'],
  ['y', 'ÿ ý ȳ ȳ́ ȳ̀ ȳ̃ y̱'],
  ['z', 'ź ž ż z̄ ẕ'],
];

function buildTable(): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  for (const [result, characters] of smallRows) {
    for (const character of characters.split(' ')) {
      table.set(character.normalize('NFC'), result);
      if (character === 'ß') continue;
      // The capital of the dotless i in this table is the dotted one.
      table.set(character === 'ı' ? 'İ' : character.toUpperCase().normalize('NFC'), result.toUpperCase());
    }
  }
  return table;
}

/** Composed character → its letters. */
export const diacriticsTable = buildTable();

const beyondAscii = /[^\0-\u007F]/;
const characterWithMarks = /\P{M}\p{M}*/gu;

/** Replaces the characters of the table, in composed and in decomposed form; everything else stays as it was written. */
export function normalizeDiacritics(text: string): string {
  if (!beyondAscii.test(text)) return text;
  return text.replaceAll(characterWithMarks, (character) => diacriticsTable.get(character.normalize('NFC')) ?? character);
}
