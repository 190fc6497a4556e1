import { environmentOf } from '../../analysis/environment';
import type { Container } from '../../analysis/pods';
import { commandAsScript, startScriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { loopback, type Server } from './listeners';

export interface PythonServer extends Server {
  /** Whether its command line shows that it speaks HTTP without TLS. */
  readonly isPlain: boolean;
}

/** A server for Python applications that is told on its command line what to listen on. */
export function pythonServer(workspace: Workspace, resource: Resource, container: Container): PythonServer | undefined {
  const script = startScriptOf(workspace, resource, container)?.text ?? commandAsScript(container);
  if (!script) return undefined;
  const text = maskComments(script.text, 'shell');
  const calls = [...text.matchAll(call)];
  const [only] = calls;
  const program = only?.[1]?.replace(/^.*runserver$/, 'runserver');
  if (!only || calls.length > 1 || program === undefined) return undefined;
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  if (isOpen || [...variables.keys()].some(name => settings.test(name))) return undefined;
  const words = only[0].replaceAll(/['"\\]/g, ' ');
  const place = (part: string): Place => {
    const start = only.index + only[0].indexOf(part);
    return script.place(start, start + part.length);
  };
  const server = (address: string, port: string, part: string): PythonServer | undefined =>
    /^\d+$/.test(port) && /^[\w.:[\]-]*$/.test(address)
      ? {
          container,
          title: program,
          sockets: [{ port: Number(port), isLoopback: loopback.test(address), at: place(part) }],
          at: place(part),
          isPlain: program === 'runserver' || !mayHaveTls.test(words),
        }
      : undefined;
  if (program === 'gunicorn' || program === 'hypercorn') {
    const bound = [...words.matchAll(/\s(?:--bind|-b)(?:=|\s+)(\S+)/g)].map(([, value = '']) => value);
    const [bind] = bound;
    const [, address = '', port = ''] = /^(.*?):(\d+)$/.exec(bind ?? '') ?? [];
    return bind !== undefined && bound.length === 1 ? server(address, port, bind) : undefined;
  }
  if (program === 'uvicorn') {
    if (/\s--(?:uds|fd)\b/.test(words)) return undefined;
    const host = /\s--host(?:=|\s+)(\S+)/.exec(words)?.[1];
    const port = /\s--port(?:=|\s+)(\S+)/.exec(words)?.[1];
    return server(host ?? '127.0.0.1', port ?? '8000', host ?? port ?? 'uvicorn');
  }
  const where = /runserver(?:\s+--?\S+)*\s+(\S*?)(?::?)(\d+)(?=\s|$)/.exec(words);
  const part = where?.[2] === undefined ? 'runserver' : `${where[1] ?? ''}${where[1] ? ':' : ''}${where[2]}`;
  if (!where && /runserver\s+[^-\s]/.test(words)) return undefined;
  return server(where?.[1] || '127.0.0.1', where?.[2] ?? '8000', part);
}

/** Variables that stand for options (docs.gunicorn.org; uvicorn.org/settings: each option, as UVICORN_PORT). */
const settings = /^(?:GUNICORN_CMD_ARGS|PORT|WEB_CONCURRENCY_BIND|UVICORN_\w+)$/;

/** One command that starts a server, to its end. */
const call = /(?:^|[\s/'"])(gunicorn|hypercorn|uvicorn|manage\.py['"]?\s+['"]?runserver)(?=['"\s])(?:\\\n|[^\n;&|])*/g;

/** A certificate, or a file of settings that may name one (docs.gunicorn.org, uvicorn.org, hypercorn.readthedocs.io). */
const mayHaveTls = /\s(?:--certfile|--keyfile|--ssl-\w+|-c|--config)(?=[=\s]|$)/;
