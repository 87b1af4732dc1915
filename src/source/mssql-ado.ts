/** What an ADO.NET string says, by one name for each of its keywords; values as they stand. */
export type AdoSettings = ReadonlyMap<AdoName, string>;

type AdoName = (typeof keywords)[number][0] | 'ignored';

/**
 * The keywords of Microsoft.Data.SqlClient that are understood, each with its other names, in small letters without blanks ("SqlConnection.ConnectionString", Microsoft Learn). `ignored` says
 * nothing that matters here: pooling and retries are ours.
 */
const keywords = [
  ['server', 'datasource', 'address', 'addr', 'networkaddress'],
  ['database', 'initialcatalog'],
  ['user', 'userid', 'uid'],
  ['password', 'pwd'],
  ['encrypt'],
  ['trustservercertificate'],
  ['hostnameincertificate'],
  ['applicationintent'],
  ['applicationname', 'app'],
  ['connecttimeout', 'connectiontimeout', 'timeout'],
  ['multisubnetfailover'],
  ['authentication'],
  ['integratedsecurity', 'trusted_connection'],
  ['clientid'],
  ['clientsecret'],
  ['tenantid'],
] as const;

const ignored = new Set(
  'persistsecurityinfo pooling maxpoolsize minpoolsize poolblockingperiod connectionlifetime loadbalancetimeout connectretrycount connectretryinterval workstationid wsid packetsize enlist multipleactiveresultsets commandtimeout ipaddresspreference'.split(
    ' ',
  ),
);

/** `key=value` parted by semicolons; a value may stand in `'…'`, `"…"` or `{…}`, its end doubled to stand for itself. Says what is wrong with it through `refuse`. */
export function readAdoSettings(text: string, refuse: (reason: string) => Error): AdoSettings {
  const part = /\s*(?:([^=;]+)=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\}|[^;]*?)\s*)?(?:;|$)/y;
  const found = new Map<AdoName, string>();
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) throw refuse('it is neither a URL nor an ADO.NET string');
    const [, key, value = ''] = match;
    if (key === undefined) continue;
    const plain = key.replaceAll(/\s/g, '').toLowerCase();
    if (ignored.has(plain)) continue;
    const name = keywords.find((names) => names.some((each) => each === plain))?.[0];
    if (name === undefined) throw refuse(`the parameter ${key.trim()} is not known`);
    found.set(name, unquoted(value));
  }
  return found;
}

function unquoted(value: string): string {
  const close = { '"': '"', "'": "'", '{': '}' }[value.slice(0, 1)];
  return close === undefined || value.length < 2 || !value.endsWith(close) ? value : value.slice(1, -1).replaceAll(close + close, close);
}

/** `tcp:host\instance,1433`. */
export function readAdoServer(
  value: string,
  refuse: (reason: string) => Error,
): { readonly host: string; readonly instance: string | undefined; readonly port: number | undefined } {
  const match = /^(?:tcp:)?([^\\,]+)(?:\\([^,]+))?(?:,\s*(\d{1,5}))?$/i.exec(value.trim());
  const [, host = '', instance, port] = match ?? [];
  if (match === null || /^(?:np|lpc|admin):/i.test(value)) throw refuse('its server is not written as tcp:host,port or host\\instance');
  if (/^\(localdb\)$/i.test(host)) throw refuse('LocalDB listens to no network');
  const isLocal = ['.', '(local)'].includes(host.toLowerCase());
  return { host: isLocal ? 'localhost' : host, instance, port: port === undefined ? undefined : Number(port) };
}
