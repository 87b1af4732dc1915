/** In-flight work that a turn of the event loop does not wait for: the file system, name lookups, connections being made. */
const inFlight = /^(FSReq|TCPConnectWrap|PipeConnectWrap|GetAddrInfo|GetNameInfo)/;

/** Calls back after so many turns of the event loop, so that everything that can go on without time passing has gone on. */
export function afterTurns(turns: number, callback: () => void): void {
  if (turns <= 0) callback();
  else setImmediate(afterTurns, turns - 1, callback);
}

/** Calls back after so many turns in which nothing was in flight; gives up waiting for what never ends after 2,000 turns. */
export function whenQuiet(turns: number, callback: () => void): void {
  let left = turns;
  let patience = 2_000;
  const turn = (): void => {
    const busy = process.getActiveResourcesInfo().some((resource) => inFlight.test(resource));
    left = busy ? turns : left - 1;
    if (left <= 0 || patience-- <= 0) callback();
    else setImmediate(turn);
  };
  setImmediate(turn);
}
