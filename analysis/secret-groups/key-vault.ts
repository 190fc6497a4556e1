import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { environmentOf } from '../environment';
import { homeserverOf } from '../homeserver';
import { leadsTo } from '../leads-to';
import { containersOf } from '../pods';
import { synapseMains, synapseWorkers, workloads } from '../roles';
import { type GroupMember, members, type SecretGroup, valueMembers } from './members';

/** Synapse shows key_vault its API key, and the Job that makes the database gives the role the password that key_vault signs in with. */
export function keyVaultGroups(workspace: Workspace): readonly SecretGroup[] {
  const vaults = workloads(workspace, 'key_vault');
  if (vaults.length === 0) return [];
  const named = (all: readonly Resource[], user: string, pattern: RegExp): readonly GroupMember[] =>
    all.flatMap(one => namedVariables(workspace, one, user, pattern));
  const initJobs = ['Job', 'CronJob']
    .flatMap(kind => workspace.resources(kind))
    .filter(job => /key[-_]?vault/.test(job.name));
  return [
    {
      id: 'key-vault-api-key',
      title: 'the API key of key_vault',
      members: [
        ...named(vaults, 'key_vault', /^(?:KEY_?VAULT_)?API_KEY$/),
        ...[...synapseMains(workspace), ...synapseWorkers(workspace)].flatMap(one =>
          workspace.derive(vaultTokensOfSynapse, one),
        ),
        ...synapseMains(workspace).flatMap(one => writtenTokens(workspace, one, vaults)),
      ],
    },
    {
      id: 'key-vault-database-password',
      title: 'the database password of key_vault',
      members: [
        ...named(vaults, 'key_vault', /^(?:KEY_?VAULT_)?(?:DB|DATABASE)_PASSWORD$/),
        ...named(
          initJobs,
          'the Job that creates the database',
          /^(?:KEY_?VAULT_)(?:DB_|DATABASE_)?PASSWORD$|^(?:APP_)?DB_PASSWORD$/,
        ),
      ],
    },
  ];
}

function vaultTokensOfSynapse(one: Resource, workspace: Workspace): readonly GroupMember[] {
  return namedVariables(workspace, one, 'Synapse', /^KEY_?VAULT_API_(?:KEY|TOKEN)$/);
}

/** The token in the configuration of a module of Synapse that calls key_vault, where a file in a Secret has it itself. */
function writtenTokens(workspace: Workspace, one: Resource, vaults: readonly Resource[]): readonly GroupMember[] {
  const homeserver = homeserverOf(workspace, one);
  if (!homeserver) return [];
  const { file } = homeserver.layer('modules');
  return homeserver
    .at('modules')
    .items()
    .flatMap(module => {
      const settings = [...module.at('config').scalars()];
      const calls = settings.some(value => {
        const host = /^https?:\/\/([\w.-]+)/.exec(value.string ?? '')?.[1];
        return vaults.some(vault => leadsTo(workspace, one, host, vault));
      });
      const tokens = settings.filter(value => /^(?:api_?)?(?:key|token)$/i.test(String(value.name ?? '')));
      return calls ? tokens.flatMap(value => valueMembers(workspace, one, 'Synapse', file, value)) : [];
    });
}

function namedVariables(workspace: Workspace, one: Resource, user: string, name: RegExp): readonly GroupMember[] {
  return containersOf(one).flatMap(container => {
    const variables = [...environmentOf(workspace, one, container).variables.values()];
    return members(
      workspace,
      one,
      user,
      variables.filter(variable => name.test(variable.name)),
    );
  });
}
