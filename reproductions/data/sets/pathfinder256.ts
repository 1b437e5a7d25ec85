import { pathfinderDefinition } from '../pathfinder/definition.ts';

export default pathfinderDefinition(256, 'Path256');
