/** What steers a terminal but for colours, lines and tabs: escapes, the other control characters, and marks that turn the direction of writing. */
const steering = /\u001B(?!\[\d{1,2}m)|\r(?!\n)|[\0-\u0008\u000B\u000C\u000E-\u001A\u001C-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g; // oxlint-disable-line no-control-regex -- they are what is looked for

/** Text in which what comes from HR or a service cannot clear the screen, move the cursor or fill a clipboard: such characters are shown as `\u{1b}`. */
export function visible(text: string): string {
  return text.replaceAll(steering, shown);
}

/** As `visible`, of one line: a worker id with a line end in it would write lines of its own into a log. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll(/[\t\r\n\u2028\u2029]/g, shown);
}

function shown(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
