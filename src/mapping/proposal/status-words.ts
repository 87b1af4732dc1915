/** Words by which HR systems say that somebody works here, or not. Only these are ever written into a pipeline: they are ours, and say nothing about a person. */
const words = {
  here: 'active|aktiv|employed|current|working|beschäftigt|angestellt|leave|on leave|leave of absence|paid leave|unpaid leave|parental leave|maternity leave|beurlaubt|elternzeit|mutterschutz|sabbatical|freigestellt',
  gone: 'inactive|inaktiv|terminated|left|resigned|retired|dismissed|deceased|former|ausgeschieden|ausgetreten|gekündigt|entlassen|verstorben|pensioniert|ehemalig',
  yes: 'y|yes|j|ja|true|t|1',
  no: 'n|no|nein|false|f|0',
} as const;

export type StatusWord = keyof typeof words;

const known: readonly StatusWord[] = ['here', 'gone', 'yes', 'no'];
const byWord = new Map(known.flatMap((status) => words[status].split('|').map((word) => [word, status] as const)));

/** In small letters. */
export const statusVocabulary: ReadonlySet<string> = new Set(byWord.keys());

/** What a word says, however it is spelt; undefined: it is none that is known. */
export function statusOf(word: string): StatusWord | undefined {
  return byWord.get(word.toLowerCase());
}
