import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf } from '../configs';
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
  return file.path.slice(file.path.lastIndexOf('/') + 1);
}
