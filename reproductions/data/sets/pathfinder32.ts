import { pathfinderDefinition } from '../pathfinder/definition.ts';

export default pathfinderDefinition(32, 'LRA Pathfinder');
