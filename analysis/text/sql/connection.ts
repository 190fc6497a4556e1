import type { Origin } from '../origin';
import type { SqlConnection, SqlName } from './statements';

/** The parts of a libpq connection string: keywords and values, or a URI. */
export function connectionOf(origin: Origin): SqlConnection {
  const { text } = origin;
  const found = new Map<string, SqlName>();
  const add = (key: string, start: number, end: number): void => {
    if (start < end) found.set(key, { text: text.slice(start, end), span: origin.span(start, end), isVariable: false });
  };
  const uri = /^postgres(?:ql)?:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?([^:/?]*)(?::([^/?]*))?(?:\/([^?]*))?/d.exec(text);
  if (uri) {
    for (const [index, key] of ['user', 'password', 'host', 'port', 'dbname'].entries()) {
      const range = uri.indices?.[index + 1];
      if (range) add(key, range[0], range[1]);
    }
  } else {
    for (const match of text.matchAll(/(\w+)\s*=\s*('(?:\\.|[^'\\])*'|[^\s']\S*)/dg)) {
      const [start, end] = match.indices?.[2] ?? [0, 0];
      const quoted = text[start] === "'" ? 1 : 0;
      add(match[1] ?? '', start + quoted, end - quoted);
    }
  }
  const [host, port, database] = [found.get('host') ?? found.get('hostaddr'), found.get('port'), found.get('dbname')];
  const [user, password] = [found.get('user'), found.get('password')];
  return { text, span: origin.span(0, text.length), host, port, database, user, password };
}
