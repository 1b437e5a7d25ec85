import { pathfinderDefinition } from '../pathfinder/definition.ts';

export default pathfinderDefinition(64, 'Pathfinder at 64 x 64');
