/**
 * The clean sample: 5,412 worker ids in a manager tree six levels deep, always the same for the same seed. Which ids play which part is fixed,
 * because the scripts of the later HR days name them:
 *
 * | ids | part on 2 November 2026 |
 * |---|---|
 * | W000001 – W004800 | active employees and contractors, some on leave; 1 – 987 manage somebody |
 * | W004801 – W005100 | left in earlier years |
 * | W005101 – W005105 | start on 3 November; W005106 – W005150 within a fortnight |
 * | W005151 – W005200 | start later than that |
 * | W005201 – W005260 | volunteers |
 * | W005261 – W005300 | left once and came back: two assignments |
 * | W005301 – W005310 | last day is 2 November |
 */
const dayOne = '2026-11-02';

export interface ContosoTables {
  readonly department: readonly (readonly SqlValue[])[];
  readonly location: readonly (readonly SqlValue[])[];
  readonly person: readonly (readonly SqlValue[])[];
  readonly assignment: readonly (readonly SqlValue[])[];
}

export type SqlValue = string | number | boolean | null;

const firstNames =
  'Zoë François Jürgen Łukasz Søren María José Anaïs Björn Chloé Émile Günther Håkon Inés Jiří Małgorzata Noël Óscar Renée Siân Tomáš Ümit Željko Anna John Mary Peter Laura David Emma Paul Nina Omar Wei Yuki Ana-Lucía Jean-Pierre Nguyễn Þórdís Ægir İpek Αλέξανδρος Ольга 美咲 Aoife Ðorđe'.split(
    ' ',
  );
const lastNames = [
  ...'Müller García Núñez Sørensen Lindström Kowalczyk Novák Šimić Çelik Ångström Lefèvre Peña Weiß Dąbrowski Højgaard Smith Jones Taylor Brown Wilson Nguyen Patel Kim Okafor Grünwald Bélanger Žižek Papadópoulos Иванова 田中 Łęcki Þorvaldsson'.split(
    ' ',
  ),
  "O'Brien",
  'van der Berg',
  'De la Cruz',
];
const titles = [
  'Software Engineer',
  'Accountant',
  'Sales Executive',
  'Warehouse Operator',
  'Technician',
  'Data Analyst',
  'Nurse',
  'Consultant',
  'Customer Support Agent',
  'Legal Counsel',
];
const managerTitles = ['Chief Executive Officer', 'Executive Vice President', 'Vice President', 'Director', 'Team Lead'];
const departments = [
  'Engineering',
  'Finance',
  'Human Resources',
  'Sales',
  'Marketing',
  'Operations',
  'Legal',
  'Research & Development',
  'Customer Care',
  'Forschung',
];
const locations: readonly (readonly SqlValue[])[] = [
  [1, 'Berlin', 'Hauptstraße 12', 'Berlin', '10115', null, 'DE', 'Europe/Berlin'],
  [2, 'Paris', '3 rue de la Paix', 'Paris', '75002', 'Île-de-France', 'FR', 'Europe/Paris'],
  [3, 'Madrid', 'Calle Mayor 7', 'Madrid', '28013', null, 'ES', 'Europe/Madrid'],
  [4, 'London', '221B Baker Street', 'London', 'NW1 6XE', null, 'GB', 'Europe/London'],
  [5, 'Chicago', '200 W Madison St', 'Chicago', '60606', 'IL', 'US', 'America/Chicago'],
  [6, 'Łódź', 'ul. Długa 4', 'Łódź', '90-001', null, 'PL', 'Europe/Warsaw'],
  [7, 'Ōsaka', null, '大阪', '530-0001', null, 'JP', 'Asia/Tokyo'],
  [8, 'Auckland', '1 Queen Street', 'Auckland', '1010', null, 'NZ', 'Pacific/Auckland'],
];

/** Last index of each level of the manager tree; the sixth level is everybody else. */
const levelEnds = [1, 7, 37, 187, 987];
const workers = 5310;

export function generateContoso(seed = 20261102): ContosoTables {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  };
  const person: SqlValue[][] = [];
  const assignment: SqlValue[][] = [];
  for (let index = 1; index <= workers; index++) {
    const level = levelEnds.findIndex((end) => index <= end);
    const phone = random() < 0.8 ? `+49 30 ${String(100000 + Math.floor(random() * 900000))}` : null;
    person.push([index, pick(firstNames), pick(lastNames), random() < 0.15 ? pick(firstNames) : null, phone]);
    const part = partOf(index);
    const title = level === -1 ? pick(titles) : (managerTitles[level] ?? 'Team Lead');
    const type = index > 5200 && index <= 5260 ? 'Volunteer' : level === -1 && random() < 0.15 ? 'Contractor' : 'Employee';
    const status = part.left ? 'Terminated' : level === -1 && random() < 0.03 ? 'Leave' : 'Active';
    const department = 1 + Math.floor(random() * departments.length);
    const location = 1 + Math.floor(random() * locations.length);
    const hired = part.hired ?? addDays(dayOne, -30 - Math.floor(random() * 5000));
    const manager = managerIndex(level, random);
    const row = (id: number, primary: boolean, state: string, from: string, to: string | null): SqlValue[] => [
      id,
      index,
      workerId(index),
      primary,
      type,
      state,
      from,
      to,
      title,
      manager === undefined ? null : workerId(manager),
      department,
      location,
    ];
    assignment.push(row(index, true, status, hired, part.lastDay));
    if (part.before) assignment.push(row(workers + index, false, 'Terminated', addDays(dayOne, -6000), addDays(dayOne, -5600)));
  }
  const department = departments.map((name, index) => [
    index + 1,
    name,
    `Division ${String(1 + (index % 3))}`,
    `CC${String(1000 + index)}`,
  ]);
  return { department, location: locations, person, assignment };
}

interface Part {
  readonly left: boolean;
  readonly hired?: string;
  readonly lastDay: string | null;
  readonly before: boolean;
}

function partOf(index: number): Part {
  const active: Part = { left: false, lastDay: null, before: false };
  if (index > 4800 && index <= 5100)
    return { ...active, left: true, lastDay: addDays(dayOne, -20 - (index - 4800)), hired: addDays(dayOne, -3000) };
  if (index > 5100 && index <= 5105) return { ...active, hired: addDays(dayOne, 1) };
  if (index > 5105 && index <= 5150) return { ...active, hired: addDays(dayOne, 3 + (index % 9)) };
  if (index > 5150 && index <= 5200) return { ...active, hired: addDays(dayOne, 40 + (index % 30)) };
  if (index > 5260 && index <= 5300) return { ...active, before: true };
  if (index > 5300) return { ...active, lastDay: dayOne };
  return active;
}

/** Somebody one level up; the sixth level reports to the fifth. */
function managerIndex(level: number, random: () => number): number | undefined {
  if (level === 0) return undefined;
  const above = level === -1 ? levelEnds.length - 1 : level - 1;
  const first = above === 0 ? 1 : (levelEnds[above - 1] ?? 0) + 1;
  const last = levelEnds[above] ?? 1;
  return first + Math.floor(random() * (last - first + 1));
}

function workerId(index: number): string {
  return `W${String(index).padStart(6, '0')}`;
}

function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Mulberry32: small, seeded, good enough for sample data. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `insert` statements, 500 rows each, for a database made by `schema.sql`. */
export function* insertStatements(tables: ContosoTables): Generator<string> {
  for (const [table, rows] of Object.entries(tables)) {
    for (let from = 0; from < rows.length; from += 500) {
      const values = rows.slice(from, from + 500).map((row: readonly SqlValue[]) => `(${row.map(literal).join(',')})`);
      yield `insert into ${table} values ${values.join(',')}`;
    }
  }
}

function literal(value: SqlValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return String(value);
}
