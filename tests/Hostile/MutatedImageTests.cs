namespace PvPatch.Tests.Hostile;

/// <summary>Twenty thousand spoiled kernels: each is read to the end or refused, and none takes a second.</summary>
[Collection(AloneCollection.Name)]
public sealed class MutatedImageTests
{
    private const int Images = 20_000;

    [Fact]
    public void NoImageCrashesOrHangsTheLibrary()
    {
        int accepted = Campaign.Run(Images, number => EveryReader.Read(ImageMutator.Mutate(HostileSeed.For(number))));
        Assert.InRange(accepted, Images / 20, Images - (Images / 20)); // both ways are taken often
    }
}
