namespace PvPatch.Ace.Exercise;

/// <summary>Why an area cannot be run here at all, as one sentence for the user: a missing library, an unlinked object.</summary>
public sealed class ExerciseException : Exception
{
    /// <summary>States the sentence.</summary>
    public ExerciseException(string sentence, Exception? cause = null)
        : base(sentence, cause)
    {
    }
}
