import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { commandLine, configurationOf } from '../configs';
import type { EffectiveFile } from '../effective';
import { maskComments } from '../text/comments';
import { readHaproxy } from '../text/haproxy';
import type { Address } from './address';

/** The servers that HAProxy forwards to and its name servers, as the configuration that it really reads says. */
export function fromHaproxy(workspace: Workspace, resource: Resource): readonly Address[] {
  return filesOf(workspace, resource, 'haproxy').flatMap(file => {
    const { content } = file;
    return readHaproxy(content.text).sections.flatMap(section =>
      section.servers.flatMap((server): readonly Address[] => {
        if (!/[a-z]/i.test(server.host) || /[$%{]/.test(server.host)) return [];
        return [
          {
            host: server.host,
            port: server.port,
            protocol: 'TCP',
            name: `backend ${section.name?.value ?? ''} in ${nameOf(file)}`,
            at: content.place(server.hostSpan.start, server.hostSpan.end),
            portAt: server.portSpan && content.place(server.portSpan.start, server.portSpan.end),
            isLiteral: true,
            isHostField: true,
            connects: true,
            importance: 'required',
          },
        ];
      }),
    );
  });
}

/**
 * The databases in which coturn has its users and puts its statistics, in its file and among its arguments, as
 * `redis-statsdb="ip=HOST port=PORT password=…"` (coturn, dbd_redis.c `RyconninfoParse`: host, ip, addr, ipaddr and
 * hostaddr are the same; dbd_pgsql.c passes the text to libpq).
 */
export function fromCoturn(workspace: Workspace, resource: Resource): readonly Address[] {
  const configuration = configurationOf(workspace, resource, 'coturn');
  if (!configuration) return [];
  const [file] = configuration.files.filter(one => !one.isOpaque);
  const text = file ? maskComments(file.content.text, 'conf') : '';
  const ofFile = [...text.matchAll(/^[ \t]*((?:redis-(?:statsdb|userdb)|psql-userdb)[ \t=]+)(.*)$/gm)].flatMap(
    ({ 0: line, 1: name = '', 2: value = '', index }) =>
      databaseAddress(name.replace(/[ \t=]+$/, ''), file ? nameOf(file) : '', value, (start, end) => {
        const from = index + line.length - value.length;
        const isLeft = file?.resolve({ start: from + start, end: from + end }).kind === 'left';
        return isLeft ? file?.content.place(from + start, from + end) : undefined;
      }),
  );
  const words = commandLine(configuration.container);
  const ofWords = words.flatMap((word, index) => {
    const [, name, given] = /^--(redis-(?:statsdb|userdb)|psql-userdb)(?:=([\s\S]*))?$/.exec(word.text ?? '') ?? [];
    const holder = given === undefined ? words[index + 1] : word;
    const before = given === undefined ? 0 : (word.text ?? '').length - given.length;
    if (name === undefined || !holder) return [];
    const value = (holder.text ?? '').slice(before);
    return databaseAddress(name, 'the arguments', value, (start, end) => holder.part(before + start, before + end));
  });
  return [...ofFile, ...ofWords];
}

function databaseAddress(
  name: string,
  where: string,
  value: string,
  place: (start: number, end: number) => Place | undefined,
): readonly Address[] {
  const part = (names: string): Span | undefined => {
    const found = new RegExp(`(?:^|[\\s"'])((?:${names})=)([\\w.-]+)`).exec(value);
    if (!found) return undefined;
    const end = found.index + found[0].length;
    return { start: end - (found[2] ?? '').length, end };
  };
  const host = part('host|ip|addr|ipaddr|hostaddr');
  const port = part('port');
  const at = host && place(host.start, host.end);
  const text = host ? value.slice(host.start, host.end) : '';
  if (!at || !/[a-z]/i.test(text)) return [];
  const number = port ? Number(value.slice(port.start, port.end)) : name.startsWith('redis') ? 6379 : 5432;
  return [
    {
      host: text,
      port: Number.isNaN(number) ? undefined : number,
      protocol: 'TCP',
      name: `${name} in ${where}`,
      at,
      portAt: port && place(port.start, port.end),
      isLiteral: true,
      isHostField: true,
      connects: true,
      importance: name.endsWith('statsdb') ? 'metrics' : 'required',
    },
  ];
}

/**
 * The master that Redis follows and that Sentinel watches (redis.conf: `replicaof HOST PORT`; sentinel.conf: `sentinel
 * monitor NAME HOST PORT QUORUM`).
 */
export function fromRedis(workspace: Workspace, resource: Resource): readonly Address[] {
  const files = [...filesOf(workspace, resource, 'redis'), ...filesOf(workspace, resource, 'sentinel')];
  return files.flatMap(file => {
    const text = maskComments(file.content.text, 'conf');
    return [
      ...text.matchAll(
        /^([ \t]*(?:replicaof|slaveof|sentinel[ \t]+monitor[ \t]+\S+)[ \t]+)([a-z0-9][\w.-]*)[ \t]+(\d{1,5})\b/gim,
      ),
    ].flatMap(([whole, before = '', host = '', port = ''], index, all): readonly Address[] => {
      const at = (all[index]?.index ?? 0) + before.length;
      const end = (all[index]?.index ?? 0) + whole.length;
      if (!/[a-z]/i.test(host) || file.resolve({ start: at, end: at + host.length }).kind !== 'left') return [];
      return [
        {
          host,
          port: Number(port),
          protocol: 'TCP',
          name: `${before.trim().split(/\s+/).slice(0, 2).join(' ')} in ${nameOf(file)}`,
          at: file.content.place(at, at + host.length),
          portAt: file.content.place(end - port.length, end),
          isLiteral: true,
          isHostField: true,
          connects: true,
          importance: 'required',
        },
      ];
    });
  });
}

function filesOf(
  workspace: Workspace,
  resource: Resource,
  program: 'haproxy' | 'redis' | 'sentinel',
): readonly EffectiveFile[] {
  return (configurationOf(workspace, resource, program)?.files ?? []).filter(file => !file.isOpaque);
}

function nameOf(file: EffectiveFile): string {
  return baseName(file.path);
}
