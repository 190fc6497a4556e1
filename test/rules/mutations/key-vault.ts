import { cut, edit, type Mutation, mutation } from './mutation';
import { keyVault, keyVaultJob } from './sample';

export const keyVaultMutations: readonly Mutation[] = [
  mutation(
    'key-vault-django-app-missing',
    cut(
      keyVault,
      '              mkdir -p /app/key_vault',
      '                  return JsonResponse({"user_id": user_id})\n              EOF\n',
      '              mkdir -p /app\n',
    ),
  ),
  mutation('key-vault-django-file-missing', edit(keyVault, 'cat > /app/vault/models.py', 'cat > /app/vault/tables.py')),
  mutation(
    'key-vault-database-not-created',
    edit(
      keyVaultJob,
      "SELECT 'CREATE DATABASE key_vault OWNER key_vault'\n              WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'key_vault')\n              \\gexec\n",
      '',
    ),
  ),
  mutation('key-vault-database-mismatch', [
    edit(keyVaultJob, "'CREATE DATABASE key_vault OWNER key_vault'", "'CREATE DATABASE keyvault OWNER key_vault'"),
    edit(keyVaultJob, "datname = 'key_vault'", "datname = 'keyvault'"),
  ]),
  mutation(
    'key-vault-schema-privilege',
    edit(keyVaultJob, "'CREATE DATABASE key_vault OWNER key_vault'", "'CREATE DATABASE key_vault'"),
  ),
  mutation('key-vault-initdb-not-superuser', edit(keyVaultJob, '-U postgres -d postgres', '-U synapse -d postgres')),
  mutation(
    'key-vault-exposed',
    edit(
      keyVault,
      '  selector:\n    app.kubernetes.io/name: key-vault\n  ports:',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: key-vault\n  ports:',
    ),
  ),
];
