import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { diskReader } from './disk-reader';
import { serve } from './serve';

serve(createConnection(ProposedFeatures.all), diskReader);
