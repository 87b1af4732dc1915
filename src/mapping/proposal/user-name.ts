import type { SurveyedColumn, TableSurvey } from '../../pipeline/survey.ts';
import { valuesOf } from './attributes.ts';
import { readAsText, readColumn, writeText } from './expression.ts';
import { meaningOf } from './meanings.ts';
import { unknownDomain, type ProposalOptions, type ProposedAttribute } from './proposal.ts';

/**
 * The name to sign in with: a column that has it, else candidates made of the names, of which the last has the key in it, so that one is free; else the key.
 */
export function proposeUserName(
  survey: TableSurvey,
  key: SurveyedColumn,
  attributes: readonly ProposedAttribute[],
  options: ProposalOptions,
): ProposedAttribute {
  const propose = (expression: string, columns: readonly string[], reason: string): ProposedAttribute => ({
    path: ['userName'],
    expression,
    columns,
    isPublic: false,
    isSure: true,
    reason,
  });
  const domain = writeText(`@${options.domain ?? unknownDomain}`);
  const logins = survey.columns.filter((column) => meaningOf(column.name) === 'principalName' && column.type === 'string');
  const [login] = logins;
  if (login !== undefined && logins.length === 1 && isUniqueIn(survey, login)) {
    const isAddress = (login.shape?.forms.email ?? 0) > 0;
    const reason = 'its name says a name to sign in with; different in every row';
    if (isAddress && isAll(login, 'email')) return propose(readColumn(login.name), [login.name], `${reason}, and with a domain`);
    if (!isAddress) return propose(`$lowercase(${readColumn(login.name)}) & ${domain}`, [login.name], reason);
  }
  const sure = (path: string): ProposedAttribute | undefined => attributes.find((each) => each.isSure && each.path.join('.') === path);
  const mail = sure('emails.work');
  const mailColumn = survey.columns.find(({ name }) => name === mail?.columns[0]);
  if (mail !== undefined && mailColumn !== undefined && isUniqueIn(survey, mailColumn))
    return propose(mail.expression, mail.columns, 'the e-mail address; different in every row');
  const [given, family] = [sure('name.givenName'), sure('name.familyName')];
  const number = `$mailNickname(${readAsText(key.name, key.type) ?? readColumn(key.name)})`;
  if (given === undefined || family === undefined)
    return propose(`${number} & ${domain}`, [key.name], 'made of the key, for want of names');
  return propose(
    `($n := $mailNickname(${given.expression}, ${family.expression}); $k := ${number}; $n ? [$n & ${domain}, $n & "." & $k & ${domain}] : $k & ${domain})`,
    [...given.columns, ...family.columns, key.name],
    'made of the names, with the key behind them where somebody has that already; the key alone where the names are NULL; kept for life',
  );
}

/** No two rows that were looked at share a value, and each has one. */
function isUniqueIn({ rows }: TableSurvey, { shape }: SurveyedColumn): boolean {
  return rows > 0 && shape?.distinct === rows;
}

function isAll({ shape }: SurveyedColumn, form: 'email'): boolean {
  return shape !== undefined && shape.forms[form] === valuesOf(shape);
}
