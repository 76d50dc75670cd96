namespace PvPatch.Ace;

/// <summary>How control can leave the code that was proved.</summary>
public enum AceLeakKind
{
    /// <summary>A branch or call to somewhere outside of the area.</summary>
    OutOfArea,

    /// <summary>Into the fill, or over the area's end.</summary>
    OffTheEnd,

    /// <summary>Onto bytes that are no instruction.</summary>
    Undecodable,
}
