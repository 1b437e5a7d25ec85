import { pathfinderDefinition } from '../pathfinder/definition.ts';

export default pathfinderDefinition(128, 'LRA Path-X');
