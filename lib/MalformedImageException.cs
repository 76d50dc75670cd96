namespace PvPatch;

/// <summary>An image, memory dump or profile that cannot be what it claims to be: where, and why.</summary>
/// <remarks>Every reader of foreign bytes throws this and nothing else; the command line turns it into exit code 2.</remarks>
public sealed class MalformedImageException : Exception
{
    /// <summary>Says that the bytes at <paramref name="place"/> are unusable for <paramref name="reason"/>.</summary>
    public MalformedImageException(string place, string reason)
        : base($"{place}: {reason}") => (Place, Reason) = (place, reason);

    /// <summary>The part of the image, as a user would name it: <c>section header 12</c>, <c>.altinstructions+0x18</c>.</summary>
    public string Place { get; }

    /// <summary>What is wrong there, in one clause.</summary>
    public string Reason { get; }
}
