"""Model packages of LatentPress beside the everyday ones, for systems of the papers. LatentPress finds them itself."""
