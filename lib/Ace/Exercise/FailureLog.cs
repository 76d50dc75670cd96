namespace PvPatch.Ace.Exercise;

/// <summary>Keeps the shortest failing schedule of those offered; between equals the first.</summary>
internal sealed class FailureLog
{
    private (int Setup, int Instructions) best = (int.MaxValue, int.MaxValue);
    private Func<ExerciseFailure>? failure;

    /// <summary>Whether there is one.</summary>
    public bool Any => failure is not null;

    /// <summary>Calls that set the best one up; larger than any when there is none.</summary>
    public int Setup => best.Setup;

    /// <summary>Offers one; it is put into words only if it is the shortest in the end.</summary>
    /// <param name="setup">Calls that set it up.</param>
    /// <param name="instructions">Instructions run after that.</param>
    /// <param name="describe">Its description.</param>
    public void Offer(int setup, int instructions, Func<ExerciseFailure> describe)
    {
        if ((setup, instructions).CompareTo(best) >= 0) return;
        (best, failure) = ((setup, instructions), describe);
    }

    /// <summary>The shortest one, or null.</summary>
    public ExerciseFailure? Describe() => failure?.Invoke();
}
